-- One row for each key of the play, with everything that the services hold under it.
SELECT
  t.id AS key, i.state AS item, i.token, b.state AS bill, s.state AS signature, c.owner AS claim,
  p.key IS NOT NULL AS is_filed
FROM (
  SELECT d.id FROM desk.ensemble_start AS d
  UNION ALL
  SELECT k.id FROM stock.ensemble_start AS k
) AS t
LEFT JOIN stock.item AS i ON i.key = t.id
LEFT JOIN till.bill AS b ON b.key = t.id
LEFT JOIN stock.paper AS p ON p.key = t.id
LEFT JOIN stock.signature AS s ON s.key = t.id
LEFT JOIN stock.ensemble_claim AS c ON c.value = 'label:' || t.id
WHERE t.id LIKE $1::text || '-%'
