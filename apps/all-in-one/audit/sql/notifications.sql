-- Who was told what, and how often: about an order by its number or uuid, about a user by the uuid.
SELECT
  n.template,
  coalesce(
    substring(n.subject FROM 'Order (\S+) '),
    substring(n.body FROM 'for order ([0-9a-f-]{36})'),
    n.uuid_user::text
  ) AS about,
  count(*)::int4 AS row_count
FROM tb_notification AS n
GROUP BY 1, 2
