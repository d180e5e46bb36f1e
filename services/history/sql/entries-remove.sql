DELETE FROM tb_history_entry AS e
WHERE (e.action, e.uuid) IN (SELECT w.action, w.uuid FROM unnest($1::text[], $2::uuid[]) AS w (action, uuid))
