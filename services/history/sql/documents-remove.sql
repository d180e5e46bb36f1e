DELETE FROM tb_history_document AS d
WHERE (d.action, d.uuid) IN (SELECT w.action, w.uuid FROM unnest($1::text[], $2::uuid[]) AS w (action, uuid))
