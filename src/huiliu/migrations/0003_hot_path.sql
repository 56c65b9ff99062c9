-- Every refund locked its platform's one row four times over to check that the platform exists, and refunds at once fought
-- for that row. Row-level security already confines what is written to a platform that the program looked up.
ALTER TABLE journal DROP CONSTRAINT journal_platform_id_fkey;
ALTER TABLE journal_heads DROP CONSTRAINT journal_heads_platform_id_fkey;
ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_accounts_platform_id_fkey;
ALTER TABLE idempotency_keys DROP CONSTRAINT idempotency_keys_platform_id_fkey;
-- One index instead of two: the account's key carries the currency that transfers must share.
ALTER TABLE ledger_transfers DROP CONSTRAINT ledger_transfers_platform_id_debit_id_currency_fkey;
ALTER TABLE ledger_transfers DROP CONSTRAINT ledger_transfers_platform_id_credit_id_currency_fkey;
ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_account_currency;
ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_accounts_pkey;
ALTER TABLE ledger_accounts ADD PRIMARY KEY (platform_id, id, currency);
ALTER TABLE ledger_transfers
    ADD FOREIGN KEY (platform_id, debit_id, currency) REFERENCES ledger_accounts,
    ADD FOREIGN KEY (platform_id, credit_id, currency) REFERENCES ledger_accounts;
