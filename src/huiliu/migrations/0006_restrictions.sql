-- What may follow from evidence that a record contradicts: a suspicion that people decide, a restriction, one appeal.
-- Pixels never punish: a suspicion cannot be written without a contradicting check of a record and a member of staff, and
-- nothing can be confirmed but by people. What the program may write is granted column by column, so that no bug of its
-- can accuse, harden or re-date anything; the triggers allow the moves of evidence.suspicion.model and
-- people.restrictions.model and no others.

CREATE TABLE evidence_suspicions (
    platform_id      int NOT NULL,
    id               uuid NOT NULL,
    claim_id         uuid NOT NULL,
    order_id         uuid NOT NULL,
    file_id          uuid NOT NULL,
    contact_hash     bytea NOT NULL,                     -- whose evidence it is: the buyer on this platform and no other
    state            text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'proposed', 'confirmed', 'dismissed', 'lifted')),
    version          int NOT NULL DEFAULT 1,             -- compare-and-set: two people cannot decide at once
    -- The contradiction it rests on. A page against itself is no record, and an unknown is no contradiction.
    check_name       text NOT NULL CHECK (length(check_name) BETWEEN 1 AND 60),
    check_source     text NOT NULL CHECK (check_source IN ('order', 'payment', 'rail', 'platform', 'upload', 'claims')),
    check_verdict    text NOT NULL CONSTRAINT suspicion_needs_contradiction CHECK (check_verdict = 'contradicts'),
    expected_mark    bytea NOT NULL CHECK (length(expected_mark) = 32),        -- keyed hashes of what the record says
    found_mark       bytea NOT NULL CHECK (length(found_mark) = 32),           -- and what the picture shows,
    CONSTRAINT suspicion_values_differ CHECK (expected_mark <> found_mark),    -- so that two equal values accuse nobody
    grounds_sealed   bytea NOT NULL CHECK (length(grounds_sealed) BETWEEN 1 AND 65536),  -- every check with both its values
    signals          jsonb NOT NULL DEFAULT '[]',        -- what the pixels gave away: code, score, limit; for calibration
    note             text NOT NULL CHECK (length(note) BETWEEN 1 AND 2000),    -- internal: why somebody looked
    opened_by        uuid NOT NULL,
    opened_by_name   text NOT NULL,
    opened_at        timestamptz NOT NULL,
    -- What was proposed; without a second person nothing of the severe comes of it.
    level            text CHECK (level IN ('warning', 'code_only', 'no_instant', 'suspended')),
    days             int CHECK (days BETWEEN 1 AND 180),
    clause           text NOT NULL DEFAULT '' CHECK (length(clause) <= 60),
    words            text NOT NULL DEFAULT '' CHECK (length(words) <= 2000),   -- what the buyer reads
    proposed_by      uuid,
    proposed_by_name text NOT NULL DEFAULT '',
    proposed_at      timestamptz,
    confirmed_by     uuid,
    confirmed_by_name text NOT NULL DEFAULT '',
    confirmed_at     timestamptz,
    closed_by        uuid,
    closed_by_name   text NOT NULL DEFAULT '',
    closed_at        timestamptz,
    closing_note     text NOT NULL DEFAULT '' CHECK (length(closing_note) <= 2000),
    PRIMARY KEY (platform_id, id),
    FOREIGN KEY (platform_id, claim_id) REFERENCES claims,
    FOREIGN KEY (platform_id, order_id) REFERENCES orders,
    FOREIGN KEY (platform_id, file_id) REFERENCES evidence_files,
    FOREIGN KEY (platform_id, opened_by) REFERENCES staff,
    FOREIGN KEY (platform_id, proposed_by) REFERENCES staff,
    FOREIGN KEY (platform_id, confirmed_by) REFERENCES staff,
    FOREIGN KEY (platform_id, closed_by) REFERENCES staff,
    CONSTRAINT suspicion_needs_proposal CHECK (state NOT IN ('proposed', 'confirmed', 'lifted') OR (
        num_nulls(proposed_by, proposed_at, level, days) = 0 AND clause <> '' AND words <> '')),
    CONSTRAINT suspicion_needs_person CHECK (
        (state IN ('confirmed', 'lifted')) = (confirmed_by IS NOT NULL)
        AND (confirmed_by IS NULL) = (confirmed_at IS NULL)),
    CONSTRAINT suspicion_needs_closer CHECK (
        (state IN ('dismissed', 'lifted')) = (closed_by IS NOT NULL) AND (closed_by IS NULL) = (closed_at IS NULL)),
    -- Maker is never checker, whatever route they use.
    CONSTRAINT suspicion_two_people CHECK (
        confirmed_by IS NULL OR level NOT IN ('no_instant', 'suspended') OR confirmed_by <> proposed_by),
    CONSTRAINT suspicion_lifted_by_another CHECK (
        state <> 'lifted' OR (closed_by <> confirmed_by AND closed_by <> proposed_by)),
    -- What a restriction points to: it can only be what was confirmed, of the buyer it was confirmed of.
    CONSTRAINT suspicion_as_confirmed UNIQUE (
        platform_id, id, contact_hash, claim_id, order_id, level, confirmed_at, proposed_by, confirmed_by)
);
-- A file is held against somebody once: only what was dismissed may be looked at again, never what was lifted.
CREATE UNIQUE INDEX suspicion_once ON evidence_suspicions (platform_id, file_id) WHERE state <> 'dismissed';
CREATE INDEX evidence_suspicions_open ON evidence_suspicions (platform_id, contact_hash, opened_at)
    WHERE state IN ('open', 'proposed');
CREATE INDEX evidence_suspicions_list ON evidence_suspicions (platform_id, state, opened_at DESC, id DESC);
CREATE INDEX evidence_suspicions_claim ON evidence_suspicions (platform_id, claim_id);

CREATE TABLE restrictions (
    platform_id      int NOT NULL,
    id               uuid NOT NULL,
    suspicion_id     uuid NOT NULL,
    contact_hash     bytea NOT NULL,
    claim_id         uuid NOT NULL,
    order_id         uuid NOT NULL,
    first_level      text NOT NULL,
    level            text NOT NULL CHECK (level IN ('warning', 'code_only', 'no_instant', 'suspended')),
    state            text NOT NULL DEFAULT 'in_force' CHECK (state IN ('in_force', 'appealed', 'upheld', 'lessened', 'lifted')),
    version          int NOT NULL DEFAULT 1,
    clause           text NOT NULL CHECK (length(clause) BETWEEN 1 AND 60),
    words            text NOT NULL CHECK (length(words) BETWEEN 1 AND 2000),
    starts_at        timestamptz NOT NULL,
    first_ends_at    timestamptz NOT NULL,
    ends_at          timestamptz NOT NULL,
    proposed_by      uuid NOT NULL,
    proposed_by_name text NOT NULL,
    confirmed_by     uuid NOT NULL,
    confirmed_by_name text NOT NULL,
    appeal_due_at    timestamptz,                        -- an appeal nobody answers in time suspends the restriction
    lifted_at        timestamptz,
    PRIMARY KEY (platform_id, id),
    CONSTRAINT restriction_once UNIQUE (platform_id, suspicion_id),
    CONSTRAINT restriction_deciders UNIQUE (platform_id, id, claim_id, proposed_by, confirmed_by),
    CONSTRAINT restriction_as_confirmed FOREIGN KEY (
        platform_id, suspicion_id, contact_hash, claim_id, order_id, first_level, starts_at, proposed_by, confirmed_by)
        REFERENCES evidence_suspicions (
        platform_id, id, contact_hash, claim_id, order_id, level, confirmed_at, proposed_by, confirmed_by),
    CHECK (first_ends_at > starts_at AND first_ends_at - starts_at <= interval '180 days'),
    CHECK (first_level <> 'suspended' OR first_ends_at - starts_at <= interval '30 days'),
    -- It may become milder and shorter, never the other way.
    CONSTRAINT restriction_never_harder CHECK (
        ends_at BETWEEN starts_at AND first_ends_at
        AND array_position(ARRAY['warning', 'code_only', 'no_instant', 'suspended'], level)
         <= array_position(ARRAY['warning', 'code_only', 'no_instant', 'suspended'], first_level)),
    CHECK (state <> 'appealed' OR appeal_due_at IS NOT NULL),
    -- Wrongly accused: it ended as it began.
    CHECK ((state = 'lifted') = (lifted_at IS NOT NULL)),
    CHECK (state <> 'lifted' OR ends_at = starts_at)
);
CREATE INDEX restrictions_contact ON restrictions (platform_id, contact_hash, starts_at DESC);
CREATE INDEX restrictions_order ON restrictions (platform_id, order_id);
CREATE INDEX restrictions_appealed ON restrictions (platform_id, appeal_due_at) WHERE state = 'appealed';

-- One appeal a restriction; whoever had a part in the finding cannot decide it.
CREATE TABLE restriction_appeals (
    platform_id    int NOT NULL,
    restriction_id uuid NOT NULL,
    claim_id       uuid NOT NULL,
    proposed_by    uuid NOT NULL,
    confirmed_by   uuid NOT NULL,
    words          text NOT NULL CHECK (length(words) BETWEEN 1 AND 2000),
    file_ids       uuid[] NOT NULL DEFAULT '{}' CHECK (cardinality(file_ids) <= 6),
    appealed_at    timestamptz NOT NULL,
    due_at         timestamptz NOT NULL CHECK (due_at > appealed_at),
    is_due_estimated boolean NOT NULL DEFAULT false,
    outcome        text CHECK (outcome IN ('upheld', 'lessened', 'lifted')),
    reply          text NOT NULL DEFAULT '' CHECK (length(reply) <= 2000),
    decided_by     uuid,
    decided_by_name text NOT NULL DEFAULT '',
    decided_at     timestamptz,
    CONSTRAINT appeal_once PRIMARY KEY (platform_id, restriction_id),
    FOREIGN KEY (platform_id, restriction_id, claim_id, proposed_by, confirmed_by)
        REFERENCES restrictions (platform_id, id, claim_id, proposed_by, confirmed_by),
    FOREIGN KEY (platform_id, decided_by) REFERENCES staff,
    CONSTRAINT appeal_decided_by_another CHECK (decided_by <> confirmed_by AND decided_by <> proposed_by),
    CHECK (num_nulls(outcome, decided_by, decided_at) IN (0, 3)),
    CHECK (outcome IS NULL OR reply <> '')
);

-- What was held against somebody and should not have been, by the check or signal that said so: thresholds are set by it.
CREATE TABLE evidence_false_alarms (
    platform_id  int NOT NULL,
    suspicion_id uuid NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('check', 'signal')),
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    file_id      uuid NOT NULL,
    score        double precision,                       -- of a signal: how far it went
    score_limit  double precision,                       -- and the threshold that it passed
    how          text NOT NULL CHECK (how IN ('dismissed', 'lifted')),
    at           timestamptz NOT NULL,
    PRIMARY KEY (platform_id, suspicion_id, kind, name),
    FOREIGN KEY (platform_id, suspicion_id) REFERENCES evidence_suspicions,
    FOREIGN KEY (platform_id, file_id) REFERENCES evidence_files
);
CREATE INDEX evidence_false_alarms_name ON evidence_false_alarms (platform_id, at DESC);

-- The machine's own row must say that a record contradicts this very file: nobody can lay any other picture before people.
CREATE FUNCTION suspicion_rests_on_inspection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM evidence_inspections i
      JOIN evidence_files f ON f.platform_id = i.platform_id AND f.id = i.file_id
      JOIN claims c ON c.platform_id = f.platform_id AND c.id = f.claim_id
     WHERE i.platform_id = NEW.platform_id AND i.file_id = NEW.file_id AND i.verdict = 'contradicted'
       AND f.source = 'buyer' AND f.claim_id = NEW.claim_id AND c.order_id = NEW.order_id
       AND c.contact_hash = NEW.contact_hash;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no record contradicts this file'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'suspicion_needs_contradiction';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER suspicion_rests_on_inspection BEFORE INSERT ON evidence_suspicions
    FOR EACH ROW EXECUTE FUNCTION suspicion_rests_on_inspection();

CREATE FUNCTION suspicion_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('open', 'proposed'), ('open', 'confirmed'), ('open', 'dismissed'),
        ('proposed', 'open'), ('proposed', 'confirmed'), ('proposed', 'dismissed'), ('confirmed', 'lifted')
    ) THEN
        RAISE EXCEPTION 'a suspicion does not move from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'suspicion_moves';
    END IF;
    -- The severe takes two statements by two people: what is confirmed is what somebody else had proposed before.
    IF OLD.state = 'open' AND NEW.state = 'confirmed' AND NEW.level IN ('no_instant', 'suspended') THEN
        RAISE EXCEPTION 'a severe restriction is proposed before it is confirmed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'suspicion_two_people';
    END IF;
    IF OLD.state IN ('proposed', 'confirmed', 'dismissed', 'lifted') AND NEW.state <> 'open'
       AND (NEW.level, NEW.days, NEW.clause, NEW.words, NEW.proposed_by, NEW.proposed_at)
           IS DISTINCT FROM (OLD.level, OLD.days, OLD.clause, OLD.words, OLD.proposed_by, OLD.proposed_at)
       OR OLD.confirmed_by IS NOT NULL
       AND (NEW.confirmed_by, NEW.confirmed_at) IS DISTINCT FROM (OLD.confirmed_by, OLD.confirmed_at) THEN
        RAISE EXCEPTION 'what was proposed or confirmed stays as it was'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'suspicion_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER suspicion_moves BEFORE UPDATE ON evidence_suspicions FOR EACH ROW EXECUTE FUNCTION suspicion_moves();

CREATE FUNCTION restriction_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('in_force', 'appealed'), ('in_force', 'lifted'), ('appealed', 'upheld'), ('appealed', 'lessened'),
        ('appealed', 'lifted'), ('upheld', 'lifted'), ('lessened', 'lifted')
    ) THEN
        RAISE EXCEPTION 'a restriction does not move from % to %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'restriction_moves';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER restriction_moves BEFORE UPDATE ON restrictions FOR EACH ROW EXECUTE FUNCTION restriction_moves();

CREATE FUNCTION appeal_decided_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an appeal is decided once' USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_decided_once';
END $$;
CREATE TRIGGER appeal_decided_once BEFORE UPDATE ON restriction_appeals
    FOR EACH ROW WHEN (OLD.outcome IS NOT NULL) EXECUTE FUNCTION appeal_decided_once();

-- What holds for one contact at one instant; people.restrictions.model.Restriction.holds says the same, and a test compares.
-- One function, because the read of every order asks it too. An undecided suspicion does nothing but call for a person, and
-- for 30 days at most (evidence.suspicion.model.HOLDS_FOR). An appeal that nobody answered in time suspends a restriction.
CREATE FUNCTION contact_standing(of_platform int, contact bytea, at timestamptz, memory_days int)
RETURNS TABLE (forged_before boolean, must_show_code boolean, needs_person boolean, suspended_until timestamptz,
               wronged_from timestamptz[], wronged_until timestamptz[])
LANGUAGE sql STABLE AS $$
    SELECT coalesce(bool_or(r.state <> 'lifted' AND r.starts_at > at - make_interval(days => m.days)), false),
           coalesce(bool_or(h.holds AND r.level <> 'warning'), false),
           coalesce(bool_or(h.holds AND r.level IN ('no_instant', 'suspended')), false)
           OR EXISTS (SELECT FROM evidence_suspicions s WHERE s.platform_id = of_platform AND s.contact_hash = contact
                         AND s.state IN ('open', 'proposed') AND s.opened_at > at - interval '30 days'),
           max(r.ends_at) FILTER (WHERE h.holds AND r.level = 'suspended'),
           coalesce(array_agg(r.starts_at ORDER BY r.starts_at, r.id) FILTER (WHERE h.wronged), '{}'),
           coalesce(array_agg(least(r.lifted_at, r.first_ends_at) ORDER BY r.starts_at, r.id) FILTER (WHERE h.wronged), '{}')
      FROM restrictions r
     CROSS JOIN LATERAL (
         SELECT coalesce((p.settings->>'restriction_memory_days')::int, memory_days) AS days
           FROM platforms p WHERE p.id = of_platform) m
     CROSS JOIN LATERAL (
         SELECT r.state <> 'lifted' AND r.starts_at <= at AND r.ends_at > at
                AND NOT (r.state = 'appealed' AND r.appeal_due_at <= at) AS holds,
                r.state = 'lifted' AND r.first_level = 'suspended' AS wronged) h
     WHERE r.platform_id = of_platform AND r.contact_hash = contact
$$;

GRANT SELECT ON evidence_suspicions, restrictions, restriction_appeals, evidence_false_alarms TO huiliu_app;
-- Opened is all that can be written at once; the state is the default.
GRANT INSERT (platform_id, id, claim_id, order_id, file_id, contact_hash, check_name, check_source, check_verdict,
              expected_mark, found_mark, grounds_sealed, signals, note, opened_by, opened_by_name, opened_at) ON evidence_suspicions TO huiliu_app;
GRANT UPDATE (state, version, level, days, clause, words, proposed_by, proposed_by_name, proposed_at, confirmed_by,
              confirmed_by_name, confirmed_at, closed_by, closed_by_name, closed_at, closing_note)
    ON evidence_suspicions TO huiliu_app;
GRANT INSERT (platform_id, id, suspicion_id, contact_hash, claim_id, order_id, first_level, level, clause, words, starts_at,
              first_ends_at, ends_at, proposed_by, proposed_by_name, confirmed_by, confirmed_by_name)
    ON restrictions TO huiliu_app;
GRANT UPDATE (level, state, version, ends_at, appeal_due_at, lifted_at) ON restrictions TO huiliu_app;
GRANT INSERT (platform_id, restriction_id, claim_id, proposed_by, confirmed_by, words, file_ids, appealed_at, due_at,
              is_due_estimated) ON restriction_appeals TO huiliu_app;
GRANT UPDATE (outcome, reply, decided_by, decided_by_name, decided_at) ON restriction_appeals TO huiliu_app;
GRANT INSERT ON evidence_false_alarms TO huiliu_app;

DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['evidence_suspicions', 'restrictions', 'restriction_appeals', 'evidence_false_alarms'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format($p$CREATE POLICY tenant ON %I TO huiliu_app USING (
            platform_id = CASE current_setting('huiliu.platform', true) WHEN '*' THEN platform_id
                          ELSE nullif(current_setting('huiliu.platform', true), '')::int END)$p$, t);
    END LOOP;
END $$;
