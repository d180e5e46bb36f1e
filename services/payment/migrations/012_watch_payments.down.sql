DELETE FROM tb_payment_watch AS w WHERE w.check_at IS NOT NULL;
