-- For an index that leaves other changes of the status alone. 545347536940072961 is Failed.
ALTER TABLE tb_orders ADD COLUMN is_failed bool NOT NULL
  GENERATED ALWAYS AS (id_order_status = 545347536940072961) STORED;
