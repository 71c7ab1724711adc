-- What an attempt took beside what it generated, who said what of it, and which samples a run was about: what it needs
-- to keep to a budget, and to judge stored attempts anew.

ALTER TABLE attempt ADD COLUMN prompt_tokens INTEGER DEFAULT 0;     -- 0: unknown
ALTER TABLE attempt ADD COLUMN cost DOUBLE;                         -- US dollars; NULL: no price is known

ALTER TABLE verdict ADD COLUMN grader_version VARCHAR DEFAULT '1';  -- another version judges anew

CREATE TABLE run_sample (
    run_id       VARCHAR NOT NULL,
    sample_id    VARCHAR NOT NULL,
    condition_id VARCHAR NOT NULL,
    PRIMARY KEY (run_id, sample_id)
);
