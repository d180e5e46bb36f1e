CREATE TABLE bench_order (
  id text PRIMARY KEY,
  status text NOT NULL,
  total int8 NOT NULL,
  marks int8 NOT NULL,
  note text NOT NULL
)
