INSERT INTO tb_payment_status (id_payment_status, nm_payment_status)
VALUES
  (545251911757463553, 'Pending'),
  (545473669058756609, 'Waiting'),
  (545251911825653761, 'Paid'),
  (545251911859077121, 'Failed')
ON CONFLICT (id_payment_status) DO NOTHING;
