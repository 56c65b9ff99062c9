-- Policies in the making: written by some, approved by another, and only then put in force.

CREATE TABLE policy_drafts (
    platform_id    int NOT NULL REFERENCES platforms,
    id             uuid NOT NULL,
    state          text NOT NULL CHECK (state IN ('draft', 'proposed', 'published', 'discarded')),  -- policy.draft_model.DraftState
    version        int NOT NULL DEFAULT 1,              -- compare-and-set: two people cannot write or decide at once
    label          text NOT NULL DEFAULT '',            -- as the text last read
    name           text NOT NULL DEFAULT '',
    source         text NOT NULL CHECK (length(source) <= 262144),  -- as typed; it need not be readable yet
    save_no        int NOT NULL DEFAULT 1,              -- the save that the text is
    base_policy_id uuid,                                -- the version it started from
    effective_from timestamptz,                         -- NULL: from the moment of approval
    created_by     uuid NOT NULL,
    created_by_name text NOT NULL,
    created_at     timestamptz NOT NULL,
    edited_by      uuid NOT NULL,
    edited_by_name text NOT NULL,
    edited_at      timestamptz NOT NULL,
    proposed_by    uuid,
    proposed_by_name text NOT NULL DEFAULT '',
    proposed_at    timestamptz,
    note           text NOT NULL DEFAULT '' CHECK (length(note) <= 500),
    report         jsonb,                               -- what was checked when it was proposed
    approved_by    uuid,
    approved_by_name text NOT NULL DEFAULT '',
    published_policy_id uuid,
    PRIMARY KEY (platform_id, id),
    FOREIGN KEY (platform_id, base_policy_id) REFERENCES policies,
    FOREIGN KEY (platform_id, published_policy_id) REFERENCES policies DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (platform_id, created_by) REFERENCES staff,
    FOREIGN KEY (platform_id, edited_by) REFERENCES staff,
    FOREIGN KEY (platform_id, proposed_by) REFERENCES staff,
    FOREIGN KEY (platform_id, approved_by) REFERENCES staff,
    CONSTRAINT policy_draft_two_people CHECK (approved_by IS NULL OR approved_by <> proposed_by),
    CHECK (state NOT IN ('proposed', 'published') OR (proposed_by IS NOT NULL AND proposed_at IS NOT NULL)),
    CHECK ((state = 'published') = (approved_by IS NOT NULL)),
    CHECK ((state = 'published') = (published_policy_id IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX policy_drafts_list ON policy_drafts (platform_id, edited_at DESC, id DESC);

-- Who had which part in a draft. The key holds one part a person: whoever wrote a word of it can never approve it, and
-- nobody can be taken off the list, because the program may neither change nor delete these rows.
CREATE TABLE policy_draft_people (
    platform_id int NOT NULL,
    draft_id    uuid NOT NULL,
    staff_id    uuid NOT NULL,
    part        text NOT NULL CHECK (part IN ('author', 'approver')),
    name        text NOT NULL,
    at          timestamptz NOT NULL,
    CONSTRAINT policy_draft_one_part PRIMARY KEY (platform_id, draft_id, staff_id),
    UNIQUE (platform_id, draft_id, staff_id, part),
    FOREIGN KEY (platform_id, draft_id) REFERENCES policy_drafts,
    FOREIGN KEY (platform_id, staff_id) REFERENCES staff
);
CREATE UNIQUE INDEX policy_draft_one_approver ON policy_draft_people (platform_id, draft_id) WHERE part = 'approver';

-- Each save of a draft, the last ones kept, so that a slip can be undone. Undoing is a save that repeats an earlier one.
CREATE TABLE policy_draft_saves (
    platform_id int NOT NULL,
    draft_id    uuid NOT NULL,
    save_no     int NOT NULL CHECK (save_no >= 1),
    repeats     int NOT NULL CHECK (repeats BETWEEN 1 AND save_no),  -- itself, or the earlier save whose text it is
    source      text NOT NULL,
    saved_by    uuid NOT NULL,
    saved_by_name text NOT NULL,
    saved_at    timestamptz NOT NULL,
    PRIMARY KEY (platform_id, draft_id, save_no),
    FOREIGN KEY (platform_id, draft_id) REFERENCES policy_drafts
);

-- A version that came from a draft names its two people. Versions published on the server name none.
ALTER TABLE policies
    ADD COLUMN draft_id         uuid,
    ADD COLUMN proposed_by_id   uuid,
    ADD COLUMN proposed_by      text,
    ADD COLUMN approved_by_id   uuid,
    ADD COLUMN approved_by      text,
    ADD COLUMN proposer_part    text GENERATED ALWAYS AS (CASE WHEN proposed_by_id IS NOT NULL THEN 'author' END) STORED,
    ADD COLUMN approver_part    text GENERATED ALWAYS AS (CASE WHEN approved_by_id IS NOT NULL THEN 'approver' END) STORED,
    ADD CONSTRAINT policy_two_people CHECK (
        num_nulls(draft_id, proposed_by_id, proposed_by, approved_by_id, approved_by) IN (0, 5)
        AND approved_by_id <> proposed_by_id),
    ADD CONSTRAINT policy_draft_once UNIQUE (platform_id, draft_id),
    -- The proposer is an author of that very draft, and the approver is its approver and so none of its authors.
    ADD CONSTRAINT policy_proposer FOREIGN KEY (platform_id, draft_id, proposed_by_id, proposer_part)
        REFERENCES policy_draft_people (platform_id, draft_id, staff_id, part),
    ADD CONSTRAINT policy_approver FOREIGN KEY (platform_id, draft_id, approved_by_id, approver_part)
        REFERENCES policy_draft_people (platform_id, draft_id, staff_id, part);

GRANT SELECT, INSERT, UPDATE ON policy_drafts TO huiliu_app;
GRANT SELECT, INSERT ON policy_draft_people TO huiliu_app;
GRANT SELECT, INSERT, DELETE ON policy_draft_saves TO huiliu_app;

DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['policy_drafts', 'policy_draft_people', 'policy_draft_saves'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format($p$CREATE POLICY tenant ON %I TO huiliu_app USING (
            platform_id = CASE current_setting('huiliu.platform', true) WHEN '*' THEN platform_id
                          ELSE nullif(current_setting('huiliu.platform', true), '')::int END)$p$, t);
    END LOOP;
END $$;
