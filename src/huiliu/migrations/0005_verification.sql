-- Evidence is looked at by a machine: one row a file to inspect, what re-use is found by, one-time codes, trusted pictures.

-- Queue and result in one row. `due_at` is when a worker may next take it; NULL: there is nothing left to do. Taking it
-- counts an attempt and puts due_at at the end of the lease, so what a killed worker held is simply due again, and only
-- the attempt that is still the last one may write its outcome.
CREATE TABLE evidence_inspections (
    platform_id   int NOT NULL,
    file_id       uuid NOT NULL,
    claim_id      uuid NOT NULL,
    state         text NOT NULL CHECK (state IN ('received', 'reading', 'checking', 'done', 'refused', 'failed')),
    due_at        timestamptz,
    attempts      smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    received_at   timestamptz NOT NULL,
    reading_at    timestamptz,
    checking_at   timestamptz,
    finished_at   timestamptz,
    destroyed_at  timestamptz,                          -- refused as somebody's private document: its bytes are gone
    verdict       text CHECK (verdict IN ('consistent', 'contradicted', 'unverifiable', 'retake')),
    page          text NOT NULL DEFAULT '',             -- the layout that fitted
    reasons       text[] NOT NULL DEFAULT '{}',         -- codes that led to the verdict; words in evidence_checks.toml
    signals       text[] NOT NULL DEFAULT '{}',         -- codes of what the pixels gave away; never a verdict by themselves
    problem       text NOT NULL DEFAULT '',             -- why it was refused or could not be inspected: a code with words
    is_paid_by_rail boolean NOT NULL DEFAULT false,     -- the rail itself confirmed the payment in the picture
    result_sealed bytea,                                -- the Inspection as JSON: it names accounts and payees
    pipeline      text NOT NULL DEFAULT '',
    atlas_version int,
    profile       text NOT NULL DEFAULT '',             -- the kind of screen it was made on: width and theme
    PRIMARY KEY (platform_id, file_id),
    FOREIGN KEY (platform_id, file_id) REFERENCES evidence_files,
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims,
    CHECK ((state = 'done') = (verdict IS NOT NULL)),
    CHECK (state NOT IN ('received', 'reading', 'checking') OR due_at IS NOT NULL),
    CHECK (state NOT IN ('refused', 'failed') OR problem <> '')
) WITH (fillfactor = 70);
CREATE INDEX evidence_inspections_due ON evidence_inspections (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX evidence_inspections_claim ON evidence_inspections (platform_id, claim_id);
CREATE INDEX evidence_inspections_trusted ON evidence_inspections (platform_id, finished_at)
    WHERE is_paid_by_rail AND verdict IN ('consistent', 'unverifiable');

ALTER TABLE evidence_files
    ADD COLUMN removed_why text NOT NULL DEFAULT '' CHECK (removed_why IN ('', 'private')),  -- '' : by whoever gave it
    ADD CHECK (removed_why = '' OR removed_at IS NOT NULL);

-- The same bytes under other files: what may be destroyed only when nobody else needs them.
CREATE INDEX evidence_files_shown ON evidence_files (platform_id, sha256);
CREATE INDEX evidence_files_original ON evidence_files (platform_id, original_sha256);

-- What re-use is found by: keyed hashes of the file, the trade number, and (amount, time, account). Written when a file's
-- inspection is done, in the same transaction, so that of two claims at once the second sees the first.
CREATE TABLE evidence_keys (
    platform_id int NOT NULL,
    kind        text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    digest      bytea NOT NULL CHECK (length(digest) = 32),
    file_id     uuid NOT NULL,
    claim_id    uuid NOT NULL,
    is_own      boolean NOT NULL,                       -- the records of the claim's own order say the number is theirs
    added_at    timestamptz NOT NULL,
    PRIMARY KEY (platform_id, kind, digest, file_id),
    FOREIGN KEY (platform_id, file_id) REFERENCES evidence_files,
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims
);
CREATE INDEX evidence_keys_file ON evidence_keys (platform_id, file_id);

-- Hashes that stay near when a photo is cropped, resized or compressed again. One a picture, several a video.
CREATE TABLE evidence_near (
    platform_id int NOT NULL,
    file_id     uuid NOT NULL,
    frame       smallint NOT NULL CHECK (frame >= 0),
    hash        bytea NOT NULL CHECK (length(hash) = 32),
    claim_id    uuid NOT NULL,
    added_at    timestamptz NOT NULL,
    PRIMARY KEY (platform_id, file_id, frame),
    FOREIGN KEY (platform_id, file_id) REFERENCES evidence_files,
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims
);
CREATE INDEX evidence_near_since ON evidence_near (platform_id, added_at, file_id, frame);

-- A code that the buyer shows in the picture or video: only somebody who makes it now can show it.
CREATE TABLE evidence_codes (
    platform_id  int NOT NULL,
    id           uuid NOT NULL,
    claim_id     uuid NOT NULL,
    slot         text NOT NULL,
    code         text NOT NULL CHECK (length(code) BETWEEN 4 AND 12),
    issued_at    timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL CHECK (expires_at > issued_at),
    used_by_file uuid,                                  -- the first file it was seen in
    used_at      timestamptz,
    PRIMARY KEY (platform_id, id),
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims,
    FOREIGN KEY (platform_id, used_by_file) REFERENCES evidence_files,
    CHECK ((used_by_file IS NULL) = (used_at IS NULL))
);
CREATE INDEX evidence_codes_claim ON evidence_codes (platform_id, claim_id, slot, issued_at DESC);

-- Pictures that the rail stands behind, grouped by the kind of screen. Retired ones are left out of what is
-- built next; nothing is deleted, so that it can be said later what an atlas was made of.
CREATE TABLE evidence_atlas_samples (
    platform_id  int NOT NULL,
    file_id      uuid NOT NULL,
    profile      text NOT NULL CHECK (length(profile) BETWEEN 1 AND 120),
    added_at     timestamptz NOT NULL,
    retired_at   timestamptz,
    retired_by   text NOT NULL DEFAULT '',
    PRIMARY KEY (platform_id, file_id),
    FOREIGN KEY (platform_id, file_id) REFERENCES evidence_inspections,
    CHECK ((retired_at IS NULL) = (retired_by = ''))
);
CREATE INDEX evidence_atlas_samples_profile ON evidence_atlas_samples (platform_id, profile, added_at DESC);

-- A claim that its policy would pay at once, but a picture that the clause requires is still being inspected. Decided when
-- the inspections are done, or at `until` as if there were none: a queue that stands still must not cost a buyer the refund.
CREATE TABLE claim_holds (
    platform_id int NOT NULL,
    claim_id    uuid NOT NULL,
    round       smallint NOT NULL,
    held_at     timestamptz NOT NULL,
    until       timestamptz NOT NULL CHECK (until > held_at),
    released_at timestamptz,
    PRIMARY KEY (platform_id, claim_id, round),
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims
);
CREATE INDEX claim_holds_open ON claim_holds (until) WHERE released_at IS NULL;

-- Each atlas that was built or is wanted. Its bytes lie in the files folder under its version.
CREATE TABLE evidence_atlases (
    platform_id int NOT NULL REFERENCES platforms,
    version     int NOT NULL CHECK (version >= 1),
    state       text NOT NULL CHECK (state IN ('wanted', 'building', 'ready', 'failed')),
    due_at      timestamptz,                            -- when a worker may take it; as for inspections
    attempts    smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    wanted_at   timestamptz NOT NULL,
    wanted_by   text NOT NULL,
    built_at    timestamptz,
    samples     int NOT NULL DEFAULT 0 CHECK (samples >= 0),
    profiles    int NOT NULL DEFAULT 0 CHECK (profiles >= 0),
    glyphs      int NOT NULL DEFAULT 0 CHECK (glyphs >= 0),
    clusters    jsonb NOT NULL DEFAULT '[]',            -- what is in it, for its page: verification.model.AtlasCluster
    PRIMARY KEY (platform_id, version),
    CHECK ((state = 'ready') = (built_at IS NOT NULL)),
    CHECK ((state IN ('wanted', 'building')) = (due_at IS NOT NULL))
);
-- One at a time: two buttons pressed at once want the same thing.
CREATE UNIQUE INDEX evidence_atlas_one_wanted ON evidence_atlases (platform_id) WHERE state IN ('wanted', 'building');
CREATE INDEX evidence_atlases_due ON evidence_atlases (due_at) WHERE due_at IS NOT NULL;

-- Clusters that no atlas may hold any more: an old system version, or pictures that turned out false.
CREATE TABLE evidence_atlas_retired (
    platform_id int NOT NULL REFERENCES platforms,
    cluster     text NOT NULL CHECK (length(cluster) BETWEEN 1 AND 80),
    retired_at  timestamptz NOT NULL,
    retired_by  text NOT NULL,
    PRIMARY KEY (platform_id, cluster)
);

GRANT SELECT, INSERT, UPDATE ON evidence_inspections, evidence_codes, evidence_atlas_samples, evidence_atlases, claim_holds
    TO huiliu_app;
GRANT SELECT, INSERT, DELETE ON evidence_keys, evidence_near, evidence_atlas_retired TO huiliu_app;

DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['evidence_inspections', 'evidence_keys', 'evidence_near', 'evidence_codes',
                             'evidence_atlas_samples', 'evidence_atlases', 'evidence_atlas_retired', 'claim_holds'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format($p$CREATE POLICY tenant ON %I TO huiliu_app USING (
            platform_id = CASE current_setting('huiliu.platform', true) WHEN '*' THEN platform_id
                          ELSE nullif(current_setting('huiliu.platform', true), '')::int END)$p$, t);
    END LOOP;
END $$;
