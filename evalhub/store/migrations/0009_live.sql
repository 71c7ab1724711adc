-- Live releases: slices of samples that were written from papers, frozen, with what proves each answer.

CREATE TABLE paper (
    paper_id     VARCHAR NOT NULL,          -- arXiv:2401.01234, or file: and digits of its hash
    version      VARCHAR NOT NULL,          -- v2; '' for a local file
    title        VARCHAR NOT NULL,
    licence      VARCHAR NOT NULL,          -- SPDX name
    published_at DATE,                      -- of this version
    categories   VARCHAR[] NOT NULL,
    url          VARCHAR NOT NULL,
    PRIMARY KEY (paper_id, version)
);

CREATE TABLE release (                      -- never changed once it is there, but for the end of privacy
    release      VARCHAR PRIMARY KEY,       -- its name: 2026-11
    release_id   VARCHAR NOT NULL,          -- hash of its questions and their proofs, in order
    recipe       JSON    NOT NULL,          -- how it was made: versions, writers, solvers, limits
    counts       JSON    NOT NULL,          -- what came out of each step
    private_until DATE,                     -- until that day its questions are not published; NULL: never private
    frozen_at    TIMESTAMPTZ NOT NULL
);

CREATE TABLE release_question (
    release      VARCHAR NOT NULL,
    place        INTEGER NOT NULL,
    sample_id    VARCHAR NOT NULL,
    paper_id     VARCHAR NOT NULL,
    version      VARCHAR NOT NULL,
    proof        JSON    NOT NULL,          -- kind, program, content and evidence: ingest.questions.question
    PRIMARY KEY (release, sample_id)
);

CREATE TABLE removed_question (             -- kept for audit
    release      VARCHAR NOT NULL,
    place        INTEGER NOT NULL,
    filter       VARCHAR NOT NULL,
    reason       VARCHAR NOT NULL,
    paper_id     VARCHAR NOT NULL,
    question     JSON    NOT NULL,          -- prompt, choices, reference, images (blob hashes)
    proof        JSON    NOT NULL,
    PRIMARY KEY (release, place)
);

CREATE TABLE refresh_stage (                -- how a refresh went; of a stage that ran twice, the last time
    release      VARCHAR NOT NULL,
    stage        VARCHAR NOT NULL,
    status       VARCHAR NOT NULL,          -- running | done | failed
    counts       JSON    NOT NULL,          -- what it did, or why it failed
    started_at   TIMESTAMPTZ NOT NULL,
    ended_at     TIMESTAMPTZ,
    PRIMARY KEY (release, stage)
);
