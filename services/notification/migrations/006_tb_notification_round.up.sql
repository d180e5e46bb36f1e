-- How often a provider reported that what it took did not arrive.
ALTER TABLE tb_notification
ADD COLUMN round int8 NOT NULL DEFAULT 0;
