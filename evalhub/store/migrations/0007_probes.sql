-- Samples by meaning: vectors, the user's answers, and benchmarks, which are frozen lists of samples.

CREATE TABLE vector (                       -- computed once for each sample and encoder
    sample_id    VARCHAR NOT NULL,
    encoder      VARCHAR NOT NULL,          -- name and revision: other weights are another encoder
    scale        FLOAT   NOT NULL,          -- a coordinate is its byte (two's complement) times this
    bytes        BLOB    NOT NULL,          -- one byte for each coordinate
    PRIMARY KEY (sample_id, encoder)
);

CREATE TABLE answer (                       -- the user's: is this sample what the query means?
    query        VARCHAR NOT NULL,          -- hash of the query's text and examples
    sample_id    VARCHAR NOT NULL,
    relevant     BOOLEAN NOT NULL,
    answered_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (query, sample_id)
);

CREATE TABLE benchmark (                    -- never changed once it is there
    benchmark_id VARCHAR PRIMARY KEY,       -- hash of query, filter, encoder, cut and list
    query        JSON    NOT NULL,          -- evalhub.probes.probe.Probe
    encoder      VARCHAR NOT NULL,
    cut          JSON    NOT NULL,          -- how many samples, what was asked for, estimated precision
    made_at      TIMESTAMPTZ NOT NULL
);

CREATE TABLE benchmark_sample (
    benchmark_id VARCHAR NOT NULL,
    sample_id    VARCHAR NOT NULL,
    place        INTEGER NOT NULL,          -- from 0, the most similar first
    similarity   DOUBLE  NOT NULL,
    relevance    DOUBLE  NOT NULL,          -- estimated probability that it is what the query means
    PRIMARY KEY (benchmark_id, sample_id)
);

CREATE TABLE benchmark_name (               -- a name's versions; the last one is what it means today
    name         VARCHAR NOT NULL,
    version      INTEGER NOT NULL,          -- from 1
    benchmark_id VARCHAR NOT NULL,
    named_at     TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (name, version)
);
