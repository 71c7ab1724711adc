-- What others measured: which log told it, whose it is, and what was refused.

CREATE TABLE import (                       -- one call of `evalhub import`
    import_id    VARCHAR PRIMARY KEY,
    told         JSON    NOT NULL,          -- what the user said of the logs
    evalhub      VARCHAR NOT NULL,          -- version that read them
    started_at   TIMESTAMPTZ NOT NULL,
    ended_at     TIMESTAMPTZ                -- NULL: stopped or still running; the logs below are there whole
);

CREATE TABLE import_log (                   -- one log of it
    import_id    VARCHAR NOT NULL,
    path         VARCHAR NOT NULL,
    content      VARCHAR NOT NULL,          -- SHA-256 of its files
    bytes        BIGINT  NOT NULL,
    format       VARCHAR NOT NULL,
    tool         VARCHAR NOT NULL,
    tool_version VARCHAR NOT NULL,
    rows         BIGINT  NOT NULL,          -- values and votes
    kept         BIGINT  NOT NULL,          -- those with a value; rows - kept is the sum of refused
    refused      JSON    NOT NULL,          -- rows by reason
    details      VARCHAR[] NOT NULL,        -- the first of what was refused, with its place
    warnings     VARCHAR[] NOT NULL,
    partial      VARCHAR NOT NULL,          -- why the log is not whole; '' where it is
    imported_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (import_id, path)
);

-- Anew: what measurements share stands once, and they have no key, which for ten million rows would take more than
-- the rows. Who writes takes care that no cell is there twice.
ALTER TABLE measurement RENAME TO keyed;
CREATE TABLE series (                       -- what measurements share that were taken together
    series_id    INTEGER PRIMARY KEY,
    metric       VARCHAR NOT NULL,          -- 'pass rate' for scored attempts
    main         BOOLEAN NOT NULL,          -- of several metrics of an output, the one that is ranked unless asked
    condition_id VARCHAR NOT NULL,
    seed         BIGINT  NOT NULL,
    kind         VARCHAR NOT NULL,          -- binary | numeric | ordinal
    direction    VARCHAR NOT NULL,          -- up: higher is better | down
    import_id    VARCHAR NOT NULL,          -- '' where it was scored here
    measured_at  TIMESTAMPTZ NOT NULL
);
CREATE TABLE measured (
    series_id    INTEGER NOT NULL,
    model_id     VARCHAR NOT NULL,          -- as scored, or as the log calls it: see alias
    sample_id    VARCHAR NOT NULL,
    value        DOUBLE,                    -- NULL: missing, for the reason given
    low          DOUBLE,                    -- exact interval over attempts of this one sample
    high         DOUBLE,
    passes       INTEGER,
    attempts     INTEGER,                   -- counted ones, up to the last needed pass; NULL: it was not sampled
    missing      INTEGER NOT NULL,          -- attempts with no verdict (truncated, timeout, error, refused)
    reason       VARCHAR NOT NULL           -- '' unless value is NULL
);
INSERT INTO series
SELECT row_number() OVER (ORDER BY measured_at, metric, condition_id, seed), *
FROM (SELECT DISTINCT metric, metric = 'pass rate', condition_id, seed, kind, direction, '', measured_at FROM keyed)
    AS shared;
INSERT INTO measured
SELECT series_id, model_id, sample_id, value, low, high, passes, attempts, missing, reason
FROM keyed JOIN series USING (metric, condition_id, seed, kind, direction, measured_at);
DROP TABLE keyed;

CREATE VIEW measurement AS
SELECT model_id, sample_id, value, low, high, passes, attempts, missing, reason, series.* EXCLUDE (series_id)
FROM measured JOIN series USING (series_id);

CREATE TABLE comparison (                   -- votes
    model_a      VARCHAR NOT NULL,
    model_b      VARCHAR NOT NULL,
    sample_id    VARCHAR NOT NULL,          -- '' where the log does not say
    source       VARCHAR NOT NULL,
    outcome      VARCHAR,                   -- a | b | tie; NULL: missing
    judge        VARCHAR NOT NULL,          -- '' where unknown
    import_id    VARCHAR NOT NULL,
    compared_at  TIMESTAMPTZ NOT NULL
);

CREATE TABLE alias (                        -- other names of a model
    alias        VARCHAR PRIMARY KEY,
    model_id     VARCHAR NOT NULL,          -- never an alias itself
    added_at     TIMESTAMPTZ NOT NULL
);

CREATE TABLE doubt (                        -- what may be the same and was not merged
    kind         VARCHAR NOT NULL,          -- model | sample
    first        VARCHAR NOT NULL,          -- model id or sample id
    second       VARCHAR NOT NULL,
    why          VARCHAR NOT NULL,
    import_id    VARCHAR NOT NULL,
    PRIMARY KEY (kind, first, second)
);

-- Measurements under the names that models go by.
CREATE VIEW named_measurement AS
SELECT coalesce(alias.model_id, measurement.model_id) AS model_id, measurement.* EXCLUDE (model_id)
FROM measurement LEFT JOIN alias ON alias.alias = measurement.model_id;

CREATE VIEW named_attempt AS
SELECT coalesce(alias.model_id, attempt.model_id) AS model_id, attempt.* EXCLUDE (model_id)
FROM attempt LEFT JOIN alias ON alias.alias = attempt.model_id;

CREATE VIEW named_comparison AS
SELECT coalesce(a.model_id, model_a) AS model_a, coalesce(b.model_id, model_b) AS model_b,
       comparison.* EXCLUDE (model_a, model_b)
FROM comparison LEFT JOIN alias AS a ON a.alias = model_a LEFT JOIN alias AS b ON b.alias = model_b;
