DROP INDEX ensemble_operation_due;
