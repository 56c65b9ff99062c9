-- The spine: platforms, people, journal, orders, policies, claims, evidence, ledger, payouts, deadlines, webhooks.
-- Every platform-owned table leads its keys with platform_id and is confined by row-level security (see the end).

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- The role that the running program takes. It owns nothing.
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'huiliu_app') THEN
        CREATE ROLE huiliu_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
    EXECUTE format('GRANT huiliu_app TO %I', current_user);
END $$;
GRANT USAGE ON SCHEMA public TO huiliu_app;

------------------------------------------------------------------------------------------------ platforms and people

CREATE TABLE platforms (
    id          int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug        text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{1,30}$'),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    name_en     text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 80),
    -- second_person_over_minor, official_channels, ...: people.model.PlatformSettings is the shape
    settings    jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE staff (
    platform_id   int NOT NULL REFERENCES platforms,
    id            uuid NOT NULL,
    login         text NOT NULL CHECK (length(login) BETWEEN 2 AND 60),
    name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    roles         text[] NOT NULL CHECK (roles <@ ARRAY['agent','reviewer','finance','arbitrator','admin'] AND cardinality(roles) > 0),
    password_hash text NOT NULL,
    totp_sealed   bytea,
    totp_last     bigint NOT NULL DEFAULT 0,           -- last accepted time step: a code works once
    failures      int NOT NULL DEFAULT 0,
    locked_until  timestamptz,
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (platform_id, id),
    CONSTRAINT staff_login UNIQUE (platform_id, login)
);

CREATE TABLE one_time_codes (
    platform_id  int NOT NULL REFERENCES platforms,
    id           uuid NOT NULL,
    contact_hash bytea NOT NULL,
    code_hash    bytea NOT NULL,
    expires_at   timestamptz NOT NULL,
    attempts     int NOT NULL DEFAULT 0,
    used_at      timestamptz,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (platform_id, id)
);
CREATE INDEX one_time_codes_contact ON one_time_codes (platform_id, contact_hash, created_at DESC);

CREATE TABLE sessions (
    platform_id  int NOT NULL REFERENCES platforms,
    token_hash   bytea NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('buyer', 'staff')),
    staff_id     uuid,
    contact_hash bytea,                                -- a buyer signed in with a code: every order of this contact
    order_ids    uuid[] NOT NULL DEFAULT '{}',         -- a buyer who looked orders up: these only
    created_at   timestamptz NOT NULL,
    seen_at      timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (platform_id, token_hash),
    FOREIGN KEY (platform_id, staff_id) REFERENCES staff,
    CHECK ((kind = 'staff') = (staff_id IS NOT NULL))
);

CREATE TABLE api_keys (
    platform_id int NOT NULL REFERENCES platforms,
    id          uuid NOT NULL,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    secret_hash bytea NOT NULL,                        -- SHA-256 of a 256-bit random secret: nothing to stretch
    hmac_sealed bytea NOT NULL,                        -- the signing secret, needed in clear to verify a signature
    scopes      text[] NOT NULL,
    created_at  timestamptz NOT NULL,
    revoked_at  timestamptz,
    PRIMARY KEY (platform_id, id)
);

CREATE TABLE rate_counters (                            -- one row a bucket and window; old ones are swept
    platform_id  int NOT NULL REFERENCES platforms,
    bucket       text NOT NULL,
    window_start timestamptz NOT NULL,
    used         int NOT NULL,
    PRIMARY KEY (platform_id, bucket, window_start)
);

CREATE TABLE request_nonces (                           -- a signed request is accepted once
    platform_id int NOT NULL REFERENCES platforms,
    nonce       text NOT NULL,
    expires_at  timestamptz NOT NULL,
    CONSTRAINT request_nonce_once PRIMARY KEY (platform_id, nonce)
);

CREATE TABLE idempotency_keys (
    platform_id  int NOT NULL REFERENCES platforms,
    scope        text NOT NULL,                         -- whose key: api key id or session, and the route
    key          text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    request_hash bytea NOT NULL,
    status       int NOT NULL,
    answer       bytea NOT NULL,                        -- sealed where it shows a secret
    created_at   timestamptz NOT NULL,
    CONSTRAINT idempotency_key_once PRIMARY KEY (platform_id, scope, key)
);
-- For sweeping by age only, so it must cost next to nothing on the way in.
CREATE INDEX idempotency_keys_age ON idempotency_keys USING brin (created_at);

------------------------------------------------------------------------------------------------ journal

-- One append-only table. A stream is a claim's id, or the platform's own stream for everything else.
CREATE TABLE journal (
    platform_id int NOT NULL REFERENCES platforms,
    stream      uuid NOT NULL,
    seq         int NOT NULL CHECK (seq >= 1),
    id          bigint GENERATED ALWAYS AS IDENTITY,
    -- Readers by cursor go by transaction, and only up to the oldest one running, so no row is ever skipped.
    xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at          timestamptz NOT NULL,
    actor_kind  text NOT NULL CHECK (actor_kind IN ('buyer', 'staff', 'machine', 'system')),
    actor_id    text NOT NULL,
    actor_name  text NOT NULL,
    kind        text NOT NULL,
    body        text NOT NULL,                          -- canonical JSON, exactly the bytes that were hashed
    prev_hash   bytea NOT NULL CHECK (length(prev_hash) = 32),
    hash        bytea NOT NULL CHECK (length(hash) = 32),
    CONSTRAINT journal_no_fork PRIMARY KEY (platform_id, stream, seq)
);
CREATE INDEX journal_cursor ON journal (platform_id, xid);

CREATE TABLE journal_heads (                            -- the last link of each stream: a cut-off tail is noticed
    platform_id int NOT NULL REFERENCES platforms,
    stream      uuid NOT NULL,
    seq         int NOT NULL,
    hash        bytea NOT NULL,
    PRIMARY KEY (platform_id, stream)
) WITH (fillfactor = 80);

CREATE TABLE journal_cursors (                          -- how far each reader (webhooks, mail) has come
    platform_id int NOT NULL REFERENCES platforms,
    reader      text NOT NULL,
    last_xid    bigint NOT NULL DEFAULT 0,              -- every row of this transaction and of those before was read
    PRIMARY KEY (platform_id, reader)
);

------------------------------------------------------------------------------------------------ orders

CREATE TABLE orders (
    platform_id        int NOT NULL REFERENCES platforms,
    id                 uuid NOT NULL,
    order_no           text NOT NULL CHECK (length(order_no) BETWEEN 1 AND 64),
    merchant           text NOT NULL DEFAULT '',
    contact_hash       bytea,                           -- keyed hash of the normalised contact: the buyer's identity
    contact_tail_hash  bytea,                           -- keyed hash of its last four characters
    contact_sealed     bytea,
    contact_masked     text NOT NULL DEFAULT '',
    lookup_hash        bytea,                           -- keyed hash of the buyer's lookup password
    rail               text NOT NULL,                   -- wechatpay, alipay, epay, balance, bank, sandbox
    rail_trade_no      text NOT NULL DEFAULT '',        -- the rail's number for the payment
    rail_order_no      text NOT NULL DEFAULT '',        -- the number the platform gave the rail (out_trade_no)
    payer_account      text NOT NULL DEFAULT '',        -- masked: where the money goes back to
    currency           text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    paid_minor         bigint NOT NULL CHECK (paid_minor >= 0),
    fee_minor          bigint NOT NULL DEFAULT 0 CHECK (fee_minor >= 0 AND fee_minor <= paid_minor),
    reserved_minor     bigint NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
    refunded_minor     bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    state              text NOT NULL CHECK (state IN ('unpaid', 'paid', 'closed')),
    ordered_at         timestamptz NOT NULL,
    ordered_precision  text NOT NULL DEFAULT 'second' CHECK (ordered_precision IN ('second', 'minute', 'day', 'not_after')),
    paid_at            timestamptz,
    paid_precision     text NOT NULL DEFAULT 'second' CHECK (paid_precision IN ('second', 'minute', 'day', 'not_after')),
    delivered_at       timestamptz,
    delivered_precision text NOT NULL DEFAULT 'second' CHECK (delivered_precision IN ('second', 'minute', 'day', 'not_after')),
    delivery_state     text NOT NULL CHECK (delivery_state IN ('pending', 'processing', 'delivered', 'failed', 'unknown')),
    delivery_note      text NOT NULL DEFAULT '' CHECK (length(delivery_note) <= 500),
    account_sealed     bytea,                           -- the recharge account that was really used
    account_masked     text NOT NULL DEFAULT '',
    account_described  text NOT NULL DEFAULT '',        -- masked: the account the order's description names
    account_differs    boolean NOT NULL DEFAULT false,  -- 代充: the two above are not the same
    search_text        text NOT NULL DEFAULT '',        -- lower-case: what keyword search looks in
    search_grams       text[] NOT NULL DEFAULT '{}',    -- its bigrams, so that two Chinese characters match by index
    content_hash       bytea NOT NULL,                  -- a repeated import of the same content changes nothing
    version            int NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    PRIMARY KEY (platform_id, id),
    CONSTRAINT order_no_once UNIQUE (platform_id, order_no),
    CONSTRAINT order_not_over_refunded CHECK (reserved_minor + refunded_minor <= paid_minor)
) WITH (fillfactor = 85);
CREATE INDEX orders_contact ON orders (platform_id, contact_hash, ordered_at DESC, id);
CREATE INDEX orders_time ON orders (platform_id, ordered_at DESC, id);
CREATE INDEX orders_grams ON orders USING gin (platform_id, search_grams);
CREATE INDEX orders_rail_trade ON orders (platform_id, rail, rail_trade_no) WHERE rail_trade_no <> '';

CREATE TABLE order_lines (
    platform_id    int NOT NULL,
    order_id       uuid NOT NULL,
    line_no        smallint NOT NULL CHECK (line_no >= 1),
    title          text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    kind           text NOT NULL CHECK (kind IN ('topup', 'card', 'membership', 'service')),  -- 直充 卡密 会员 代练
    promise        text NOT NULL DEFAULT '' CHECK (length(promise) <= 4000),
    quantity       int NOT NULL DEFAULT 1 CHECK (quantity >= 1),
    paid_minor     bigint NOT NULL CHECK (paid_minor >= 0),
    reserved_minor bigint NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
    refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    PRIMARY KEY (platform_id, order_id, line_no),
    FOREIGN KEY (platform_id, order_id) REFERENCES orders,
    CONSTRAINT line_not_over_refunded CHECK (reserved_minor + refunded_minor <= paid_minor)
) WITH (fillfactor = 85);

-- What the platform's or the supplier's own records say of use. The newest row of a line is what holds.
CREATE TABLE usage_facts (
    platform_id int NOT NULL,
    id          uuid NOT NULL,
    order_id    uuid NOT NULL,
    line_no     smallint NOT NULL,
    state       text NOT NULL CHECK (state IN ('unused', 'part_used', 'used')),
    units_total bigint CHECK (units_total > 0),
    units_used  bigint CHECK (units_used >= 0 AND units_used <= units_total),
    unit        text NOT NULL DEFAULT '',               -- day, hour, item, level, coin ...
    source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 60),
    record_ref  text NOT NULL DEFAULT '',               -- the 消耗记录 that proves it
    observed_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (platform_id, id),
    FOREIGN KEY (platform_id, order_id, line_no) REFERENCES order_lines
);
CREATE INDEX usage_facts_line ON usage_facts (platform_id, order_id, line_no, observed_at DESC);

------------------------------------------------------------------------------------------------ policies

CREATE TABLE policies (
    platform_id    int NOT NULL REFERENCES platforms,
    id             uuid NOT NULL,
    label          text NOT NULL,                       -- the version the file names
    name           text NOT NULL,
    content_hash   bytea NOT NULL CHECK (length(content_hash) = 32),
    source         text NOT NULL,                       -- the YAML, as written
    effective_from timestamptz NOT NULL,
    published_at   timestamptz NOT NULL,
    published_by   text NOT NULL,
    PRIMARY KEY (platform_id, id),
    CONSTRAINT policy_content_once UNIQUE (platform_id, content_hash),
    CONSTRAINT policy_effective_once UNIQUE (platform_id, effective_from)
);

------------------------------------------------------------------------------------------------ claims

CREATE TABLE claims (
    platform_id     int NOT NULL REFERENCES platforms,
    id              uuid NOT NULL,
    claim_no        text NOT NULL,
    order_id        uuid NOT NULL,
    line_no         smallint NOT NULL,
    contact_hash    bytea,
    channel         text NOT NULL CHECK (channel IN ('portal', 'api')),
    reason          text NOT NULL,
    state           text NOT NULL,                      -- claims.model.State
    round           smallint NOT NULL DEFAULT 1 CHECK (round BETWEEN 1 AND 20),
    version         int NOT NULL DEFAULT 1,             -- compare-and-set: two people cannot decide at once
    statement       text NOT NULL DEFAULT '' CHECK (length(statement) <= 2000),
    currency        text NOT NULL,
    requested_minor bigint NOT NULL CHECK (requested_minor > 0),
    approved_minor  bigint CHECK (approved_minor > 0),
    policy_id       uuid,                               -- the version in force when the order was placed
    facts           jsonb NOT NULL DEFAULT '{}',        -- the policy's facts, frozen at the first application
    verdict         jsonb,                              -- the policy's answer of this round, for the desk
    assignee_id     uuid,
    due_at          timestamptz,                        -- whoever must act must have acted by then
    due_kind        text,                               -- deadlines.model.ClockKind
    created_at      timestamptz NOT NULL,
    filed_at        timestamptz,                        -- first application: the claim's clock is frozen here
    round_filed_at  timestamptz,
    mediated_at     timestamptz,                        -- the platform was called in: later steps return to mediation
    updated_at      timestamptz NOT NULL,
    closed_at       timestamptz,
    PRIMARY KEY (platform_id, id),
    CONSTRAINT claim_no_once UNIQUE (platform_id, claim_no),
    FOREIGN KEY (platform_id, order_id, line_no) REFERENCES order_lines,
    FOREIGN KEY (platform_id, policy_id) REFERENCES policies
) WITH (fillfactor = 80);
-- One live claim per order line. The list is claims.model.LIVE; a test compares.
CREATE UNIQUE INDEX claim_one_live ON claims (platform_id, order_id, line_no)
    WHERE state IN ('filed', 'reviewing', 'waiting_buyer', 'waiting_platform', 'confirming', 'paying', 'mediating');
CREATE UNIQUE INDEX claim_one_draft ON claims (platform_id, order_id, line_no) WHERE state = 'draft';
CREATE INDEX claims_queue ON claims (platform_id, state, due_at, id);
CREATE INDEX claims_contact ON claims (platform_id, contact_hash, created_at DESC, id);
CREATE INDEX claims_order ON claims (platform_id, order_id);

-- Each time the buyer applies: what was said and what the policy answered then.
CREATE TABLE claim_rounds (
    platform_id  int NOT NULL,
    claim_id     uuid NOT NULL,
    round        smallint NOT NULL,
    statement    text NOT NULL,
    verdict      jsonb NOT NULL,
    submitted_at timestamptz NOT NULL,
    PRIMARY KEY (platform_id, claim_id, round),
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims
);

-- A decision is a row: who, when, why, how much. Above the limit it waits for a second person.
CREATE TABLE claim_decisions (
    platform_id   int NOT NULL,
    id            uuid NOT NULL,
    claim_id      uuid NOT NULL,
    round         smallint NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('approve', 'part', 'reject')),
    amount_minor  bigint CHECK (amount_minor > 0),
    reason_code   text NOT NULL DEFAULT '',
    clause        text NOT NULL DEFAULT '',             -- policy clause id
    missing       text[] NOT NULL DEFAULT '{}',         -- evidence slots that were missing: what would turn it
    words         text NOT NULL DEFAULT '' CHECK (length(words) <= 2000),   -- what the buyer reads
    note          text NOT NULL DEFAULT '' CHECK (length(note) <= 2000),    -- internal
    by_kind       text NOT NULL CHECK (by_kind IN ('staff', 'machine', 'system')),
    by_id         text NOT NULL,
    by_name       text NOT NULL,
    at            timestamptz NOT NULL,
    state         text NOT NULL CHECK (state IN ('proposed', 'final', 'returned')),
    second_id     text,
    second_name   text,
    second_at     timestamptz,
    PRIMARY KEY (platform_id, id),
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims,
    -- Maker is never checker, whatever route they use.
    CONSTRAINT decision_two_people CHECK (second_id IS NULL OR second_id <> by_id),
    CHECK ((kind = 'reject') = (amount_minor IS NULL)),
    CHECK (kind <> 'reject' OR (reason_code <> '' AND clause <> ''))
);
CREATE INDEX claim_decisions_claim ON claim_decisions (platform_id, claim_id, at);
CREATE UNIQUE INDEX claim_decision_open ON claim_decisions (platform_id, claim_id) WHERE state = 'proposed';

-- Material asked of the buyer, or proof asked of the platform.
CREATE TABLE claim_requests (
    platform_id int NOT NULL,
    id          uuid NOT NULL,
    claim_id    uuid NOT NULL,
    of          text NOT NULL CHECK (of IN ('buyer', 'platform')),
    slots       text[] NOT NULL CHECK (cardinality(slots) > 0),
    words       text NOT NULL CHECK (length(words) <= 2000),
    by_name     text NOT NULL,
    asked_at    timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    answered_at timestamptz,
    PRIMARY KEY (platform_id, id),
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims
);
CREATE UNIQUE INDEX claim_request_open ON claim_requests (platform_id, claim_id) WHERE answered_at IS NULL;

-- A wake-up for a claim. The worker re-derives before it acts: a timer whose claim_version is stale is dropped.
CREATE TABLE timers (
    platform_id int NOT NULL,
    claim_id    uuid NOT NULL,
    kind        text NOT NULL,                          -- deadlines.model.ClockKind
    due_at      timestamptz NOT NULL,
    fired_at    timestamptz,
    PRIMARY KEY (platform_id, claim_id, kind),
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims
);
CREATE INDEX timers_due ON timers (due_at) WHERE fired_at IS NULL;

------------------------------------------------------------------------------------------------ evidence

CREATE TABLE evidence_files (
    platform_id     int NOT NULL,
    id              uuid NOT NULL,
    claim_id        uuid NOT NULL,
    slot            text NOT NULL,
    round           smallint NOT NULL,
    source          text NOT NULL CHECK (source IN ('buyer', 'staff', 'platform')),
    media_type      text NOT NULL,                      -- image/jpeg, image/png, video/mp4, text/plain
    sha256          bytea NOT NULL CHECK (length(sha256) = 32),           -- of the shown, re-encoded copy
    original_sha256 bytea NOT NULL CHECK (length(original_sha256) = 32),  -- of what was uploaded
    bytes           bigint NOT NULL CHECK (bytes > 0),
    width           int NOT NULL DEFAULT 0,
    height          int NOT NULL DEFAULT 0,
    file_name       text NOT NULL DEFAULT '' CHECK (length(file_name) <= 120),
    by_name         text NOT NULL,
    added_at        timestamptz NOT NULL,
    removed_at      timestamptz,                        -- only while the round is not yet submitted
    PRIMARY KEY (platform_id, id),
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims
);
CREATE INDEX evidence_files_claim ON evidence_files (platform_id, claim_id, slot, added_at);
-- The same picture handed in twice for one slot is kept once, also when both copies arrive together.
CREATE UNIQUE INDEX evidence_file_once ON evidence_files (platform_id, claim_id, slot, sha256) WHERE removed_at IS NULL;

-- Evidence that is words, not a file: a signed declaration (未使用声明), or what the platform's records say.
CREATE TABLE evidence_notes (
    platform_id int NOT NULL,
    id          uuid NOT NULL,
    claim_id    uuid NOT NULL,
    slot        text NOT NULL,
    round       smallint NOT NULL,
    source      text NOT NULL CHECK (source IN ('buyer', 'staff', 'platform')),
    kind        text NOT NULL CHECK (kind IN ('declaration', 'statement', 'record')),  -- record: attached by itself
    words       text NOT NULL CHECK (length(words) BETWEEN 1 AND 4000),
    facts       text NOT NULL DEFAULT '{}' CHECK (length(facts) <= 20000),  -- canonical JSON, hashed together with words
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    by_name     text NOT NULL,
    added_at    timestamptz NOT NULL,
    removed_at  timestamptz,
    PRIMARY KEY (platform_id, id),
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims
);
CREATE INDEX evidence_notes_claim ON evidence_notes (platform_id, claim_id, slot, added_at);
CREATE UNIQUE INDEX evidence_note_once ON evidence_notes (platform_id, claim_id, slot, sha256) WHERE removed_at IS NULL;

CREATE TABLE evidence_uploads (                          -- a resumable upload under way; its bytes are in the files store
    platform_id int NOT NULL,
    id          uuid NOT NULL,
    claim_id    uuid NOT NULL,
    slot        text NOT NULL,
    source      text NOT NULL CHECK (source IN ('buyer', 'staff', 'platform')),   -- only the same party continues it
    file_name   text NOT NULL DEFAULT '' CHECK (length(file_name) <= 120),
    bytes_total bigint NOT NULL CHECK (bytes_total > 0),
    bytes_got   bigint NOT NULL DEFAULT 0 CHECK (bytes_got >= 0 AND bytes_got <= bytes_total),
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (platform_id, id),
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims
);
CREATE INDEX evidence_uploads_claim ON evidence_uploads (platform_id, claim_id, created_at);
CREATE INDEX evidence_uploads_expiry ON evidence_uploads (platform_id, expires_at);

------------------------------------------------------------------------------------------------ ledger

-- One transfer is one row with a debit side and a credit side: an unbalanced one cannot be written down.
CREATE TABLE ledger_accounts (
    platform_id int NOT NULL REFERENCES platforms,
    id          uuid NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('order', 'rail')),
    name        text NOT NULL,
    currency    text NOT NULL,
    PRIMARY KEY (platform_id, id),
    CONSTRAINT ledger_account_currency UNIQUE (platform_id, id, currency)
);

CREATE TABLE ledger_transfers (
    platform_id   int NOT NULL,
    id            uuid NOT NULL,
    phase         text NOT NULL CHECK (phase IN ('single', 'pending', 'post', 'void')),
    pending_id    uuid,                                  -- which pending transfer a post or void resolves
    purpose       text NOT NULL CHECK (purpose IN ('payment', 'refund', 'bounce', 'correction')),
    debit_id      uuid NOT NULL,
    credit_id     uuid NOT NULL,
    amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
    currency      text NOT NULL,
    claim_id      uuid,
    at            timestamptz NOT NULL,
    PRIMARY KEY (platform_id, id),
    CHECK (debit_id <> credit_id),
    CHECK ((phase IN ('post', 'void')) = (pending_id IS NOT NULL)),
    FOREIGN KEY (platform_id, debit_id, currency) REFERENCES ledger_accounts (platform_id, id, currency),
    FOREIGN KEY (platform_id, credit_id, currency) REFERENCES ledger_accounts (platform_id, id, currency)
);
-- A pending transfer is resolved once: posted or void, never both, never twice.
CREATE UNIQUE INDEX ledger_resolved_once ON ledger_transfers (platform_id, pending_id) WHERE pending_id IS NOT NULL;
CREATE INDEX ledger_transfers_debit ON ledger_transfers (platform_id, debit_id);
CREATE INDEX ledger_transfers_claim ON ledger_transfers (platform_id, claim_id) WHERE claim_id IS NOT NULL;

-- A post or void says exactly what its pending transfer said.
CREATE FUNCTION ledger_mirrors_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM ledger_transfers p
     WHERE p.platform_id = NEW.platform_id AND p.id = NEW.pending_id AND p.phase = 'pending'
       AND p.debit_id = NEW.debit_id AND p.credit_id = NEW.credit_id
       AND p.amount_minor = NEW.amount_minor AND p.currency = NEW.currency AND p.purpose = NEW.purpose;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a % must mirror its pending transfer', NEW.phase
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_mirrors_pending';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_mirrors_pending BEFORE INSERT ON ledger_transfers
    FOR EACH ROW WHEN (NEW.phase IN ('post', 'void')) EXECUTE FUNCTION ledger_mirrors_pending();

------------------------------------------------------------------------------------------------ payouts

CREATE TABLE payouts (
    platform_id    int NOT NULL,
    id             uuid NOT NULL,
    claim_id       uuid NOT NULL,
    order_id       uuid NOT NULL,
    decision_id    uuid NOT NULL,
    refund_no      text NOT NULL,                        -- the one number the rail ever hears
    rail           text NOT NULL,
    rail_trade_no  text NOT NULL,
    rail_order_no  text NOT NULL,
    amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
    paid_minor     bigint NOT NULL,                      -- the original payment, which rails want to hear
    currency       text NOT NULL,
    transfer_id    uuid NOT NULL,                        -- the pending transfer that reserves the money
    state          text NOT NULL,                        -- payouts.model.State
    -- the ladder shown to the buyer: 同意 受理 通道自报 已核实 预计到账
    agreed_at      timestamptz NOT NULL,
    accepted_at    timestamptz,
    reported_at    timestamptz,
    verified_at    timestamptz,
    expected_at    timestamptz,
    rail_refund_no text NOT NULL DEFAULT '',
    arrived_to     text NOT NULL DEFAULT '',             -- the rail's words: 用户零钱, 招商银行 尾号0403
    failure        text NOT NULL DEFAULT '',             -- code of the last definitive failure
    attempts       int NOT NULL DEFAULT 0,
    asks           int NOT NULL DEFAULT 0,               -- queries since the last definite answer
    next_at        timestamptz,                          -- when the worker acts next; NULL: nothing to do
    lease_until    timestamptz,                          -- a worker holds it until then
    version        int NOT NULL DEFAULT 1,
    PRIMARY KEY (platform_id, id),
    CONSTRAINT refund_no_once UNIQUE (platform_id, refund_no),
    CONSTRAINT payout_one_per_decision UNIQUE (platform_id, decision_id),
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims,
    FOREIGN KEY (platform_id, order_id) REFERENCES orders,
    FOREIGN KEY (platform_id, decision_id) REFERENCES claim_decisions,
    FOREIGN KEY (platform_id, transfer_id) REFERENCES ledger_transfers
) WITH (fillfactor = 80);
CREATE INDEX payouts_due ON payouts (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX payouts_claim ON payouts (platform_id, claim_id);

CREATE TABLE payout_attempts (
    platform_id int NOT NULL,
    id          uuid NOT NULL,
    payout_id   uuid NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('send', 'query', 'notification')),
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,                             -- NULL: the process died in the middle; that is 'unknown'
    outcome     text CHECK (outcome IN ('succeeded', 'failed', 'unknown', 'accepted')),
    retriable   boolean,
    detail      text NOT NULL DEFAULT '' CHECK (length(detail) <= 2000),
    PRIMARY KEY (platform_id, id),
    FOREIGN KEY (platform_id, payout_id) REFERENCES payouts
);
CREATE INDEX payout_attempts_payout ON payout_attempts (platform_id, payout_id, started_at);

------------------------------------------------------------------------------------------------ webhooks

CREATE TABLE webhook_endpoints (
    platform_id   int NOT NULL REFERENCES platforms,
    id            uuid NOT NULL,
    url           text NOT NULL CHECK (length(url) <= 500),
    secret_sealed bytea NOT NULL,
    events        text[] NOT NULL,
    created_at    timestamptz NOT NULL,
    disabled_at   timestamptz,
    PRIMARY KEY (platform_id, id)
);

CREATE TABLE webhook_deliveries (
    platform_id int NOT NULL,
    id          uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    journal_id  bigint NOT NULL,
    event       text NOT NULL,
    payload     text NOT NULL,
    state       text NOT NULL CHECK (state IN ('due', 'delivered', 'given_up')),
    attempts    int NOT NULL DEFAULT 0,
    next_at     timestamptz,
    last_status text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL,
    done_at     timestamptz,
    PRIMARY KEY (platform_id, id),
    CONSTRAINT webhook_once UNIQUE (platform_id, endpoint_id, journal_id),
    FOREIGN KEY (platform_id, endpoint_id) REFERENCES webhook_endpoints
);
CREATE INDEX webhook_due ON webhook_deliveries (platform_id, endpoint_id, next_at) WHERE state = 'due';
CREATE INDEX webhook_deliveries_list ON webhook_deliveries (platform_id, created_at, id);

------------------------------------------------------------------------------------------------ working calendar

CREATE TABLE calendar_days (
    day    date PRIMARY KEY,
    kind   text NOT NULL CHECK (kind IN ('work', 'off')),
    name   text NOT NULL DEFAULT '',
    source text NOT NULL
);

------------------------------------------------------------------------------------------------ grants and tenancy

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO huiliu_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO huiliu_app;
-- Append-only: the program cannot change or delete these rows, whatever bug it has.
REVOKE UPDATE, DELETE, TRUNCATE ON journal, ledger_transfers, ledger_accounts, policies FROM huiliu_app;
REVOKE DELETE ON claims, claim_rounds, claim_decisions, orders, order_lines, payouts, payout_attempts,
    evidence_files, evidence_notes FROM huiliu_app;
REVOKE ALL ON schema_migrations FROM huiliu_app;
GRANT SELECT ON schema_migrations TO huiliu_app;

-- huiliu.platform is set by every transaction: one platform's id, or '*' for the worker's search for due work.
DO $$ DECLARE t text; BEGIN
    FOR t IN SELECT table_name FROM information_schema.columns
              WHERE table_schema = 'public' AND column_name = 'platform_id' LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format($p$CREATE POLICY tenant ON %I TO huiliu_app USING (
            platform_id = CASE current_setting('huiliu.platform', true) WHEN '*' THEN platform_id
                          ELSE nullif(current_setting('huiliu.platform', true), '')::int END)$p$, t);
    END LOOP;
END $$;
