-- Only what is still queued: a delivery may have been quicker than this.
UPDATE tb_notification AS n
SET status = 'SENDING'
WHERE n.id = ANY ($1::uuid[]) AND n.status = 'QUEUE'
