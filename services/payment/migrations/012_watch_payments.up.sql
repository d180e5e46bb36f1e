-- What is open already. 545251911825653761 is Paid, 545251911859077121 is Failed.
INSERT INTO tb_payment_watch (uuid, check_at)
SELECT p.uuid, p.due_date
FROM tb_payment AS p
WHERE p.id_payment_status <> 545251911825653761 AND p.id_payment_status <> 545251911859077121;
