-- What a provider may want to know beyond the words.
ALTER TABLE tb_notification
ADD COLUMN details jsonb NOT NULL DEFAULT '{"language": "en", "data": {}, "sender": null, "isOtp": false}';
