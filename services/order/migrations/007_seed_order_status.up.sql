INSERT INTO tb_order_status (id_order_status, nm_status_order)
VALUES
  (545204998214516737, 'Pending'),
  (545347536789143553, 'Process'),
  (545469794211856385, 'Waiting'),
  (545347536856023041, 'Complete'),
  (545347536940072961, 'Failed')
ON CONFLICT (id_order_status) DO NOTHING;
