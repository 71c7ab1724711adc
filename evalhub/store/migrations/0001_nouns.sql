-- The nouns of the design, one table each. Texts and images live in the blob store, under their hash.

CREATE TABLE condition (
    condition_id VARCHAR PRIMARY KEY,
    variant      VARCHAR NOT NULL,          -- the user's overrides in words; '' as the source asks
    spec         JSON    NOT NULL           -- ingest.records.Condition
);

CREATE TABLE sample (
    sample_id    VARCHAR PRIMARY KEY,       -- hash of prompt, images, choices, reference, grader
    source       VARCHAR NOT NULL,          -- the source that brought it first; the others are in origin
    source_id    VARCHAR NOT NULL,
    prompt       VARCHAR NOT NULL,
    choices      VARCHAR[] NOT NULL,
    reference    JSON    NOT NULL,
    grader       VARCHAR NOT NULL,
    images       VARCHAR[] NOT NULL,        -- blob hashes
    modality     VARCHAR NOT NULL,          -- text | image
    cluster      VARCHAR NOT NULL,          -- unit of resampling; its own id where it shares nothing
    tags         VARCHAR[] NOT NULL,
    licence      VARCHAR NOT NULL,
    published_at DATE,
    condition_id VARCHAR NOT NULL,          -- how its source wants it asked
    added_at     TIMESTAMPTZ NOT NULL
);

CREATE TABLE origin (                       -- every place where a sample was found
    sample_id    VARCHAR NOT NULL,
    source       VARCHAR NOT NULL,
    source_id    VARCHAR NOT NULL,
    PRIMARY KEY (sample_id, source, source_id)
);

CREATE TABLE model (
    model_id     VARCHAR PRIMARY KEY,
    parameters   BIGINT,
    licence      VARCHAR NOT NULL,
    released     DATE,
    cutoff       DATE,
    added_at     TIMESTAMPTZ NOT NULL
);

CREATE TABLE run (                          -- one call of `evalhub score`; started again it is the same run
    run_id       VARCHAR PRIMARY KEY,
    model_id     VARCHAR NOT NULL,
    seed         BIGINT  NOT NULL,
    passes       INTEGER NOT NULL,          -- stop a sample at this many passes ...
    max_attempts INTEGER NOT NULL,          -- ... or at this many attempts
    options      JSON    NOT NULL,
    versions     JSON    NOT NULL,          -- of the tools that could change an output
    started_at   TIMESTAMPTZ NOT NULL,
    ended_at     TIMESTAMPTZ                -- NULL: killed or still running
);

CREATE TABLE attempt (
    model_id     VARCHAR NOT NULL,
    condition_id VARCHAR NOT NULL,
    seed         BIGINT  NOT NULL,
    sample_id    VARCHAR NOT NULL,
    attempt      INTEGER NOT NULL,          -- order of submission, from 0
    status       VARCHAR NOT NULL,          -- ingest.records.Status
    output       VARCHAR NOT NULL,          -- blob hash of the text
    tokens       INTEGER NOT NULL,
    seconds      DOUBLE  NOT NULL,
    made_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (model_id, condition_id, seed, sample_id, attempt)
);

CREATE TABLE verdict (                      -- an output is judged once, whoever wrote it
    sample_id    VARCHAR NOT NULL,
    output       VARCHAR NOT NULL,
    status       VARCHAR NOT NULL,          -- ok, no answer; timeout or error: missing
    value        DOUBLE,                    -- 1 pass, 0 fail; NULL where missing
    detail       VARCHAR NOT NULL,          -- why, in a few words
    PRIMARY KEY (sample_id, output)
);

CREATE TABLE measurement (
    model_id     VARCHAR NOT NULL,
    sample_id    VARCHAR NOT NULL,
    metric       VARCHAR NOT NULL,          -- 'pass rate' for scored attempts
    condition_id VARCHAR NOT NULL,
    seed         BIGINT  NOT NULL,
    kind         VARCHAR NOT NULL,          -- binary | numeric | ordinal
    direction    VARCHAR NOT NULL,          -- up: higher is better | down
    value        DOUBLE,                    -- NULL: missing, for the reason given
    low          DOUBLE,                    -- exact interval over attempts of this one sample
    high         DOUBLE,
    passes       INTEGER,
    attempts     INTEGER,                   -- counted ones, up to the last needed pass
    missing      INTEGER NOT NULL,          -- attempts with no verdict (truncated, timeout, error, refused)
    reason       VARCHAR NOT NULL,          -- '' unless value is NULL
    measured_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (model_id, sample_id, metric, condition_id, seed)
);

CREATE TABLE ranking (
    ranking_id   VARCHAR PRIMARY KEY,       -- hash of method, options and measurements
    source       VARCHAR NOT NULL,          -- '' for the whole pool
    method       VARCHAR NOT NULL,
    assumes      VARCHAR NOT NULL,          -- what the method takes for granted, in a sentence
    unit         VARCHAR NOT NULL,          -- what a score is, in words
    level        DOUBLE  NOT NULL,          -- of the intervals, e.g. 0.95
    samples      INTEGER NOT NULL,
    clusters     INTEGER NOT NULL,
    warnings     VARCHAR[] NOT NULL,
    ranked_at    TIMESTAMPTZ NOT NULL
);

CREATE TABLE ranking_row (
    ranking_id   VARCHAR NOT NULL,
    model        VARCHAR NOT NULL,          -- model id, with its variant in brackets where it has one
    model_id     VARCHAR NOT NULL,
    score        DOUBLE  NOT NULL,
    low          DOUBLE  NOT NULL,
    high         DOUBLE  NOT NULL,
    rank         INTEGER NOT NULL,
    rank_low     INTEGER NOT NULL,          -- best rank that the data allow, all models at once
    rank_high    INTEGER NOT NULL,          -- worst
    tie_group    INTEGER NOT NULL,          -- models in one group cannot be told apart from its first
    samples      INTEGER NOT NULL,
    coverage     DOUBLE  NOT NULL,          -- share of the ranking's samples
    PRIMARY KEY (ranking_id, model)
);
