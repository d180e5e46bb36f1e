-- 'Any' leaves the way of payment to the customer; its id is the one that the README's order call sends.
INSERT INTO tb_payment_model (id_payment_model, nm_payment_model)
VALUES
  (545204998214516737, 'Any'),
  (545378075141898241, 'Transfer'),
  (545378075266842625, 'Pay Later'),
  (545378075342831617, 'Ovo')
ON CONFLICT (id_payment_model) DO NOTHING;
