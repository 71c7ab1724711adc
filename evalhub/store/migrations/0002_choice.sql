-- Which samples a model is run on where it is run on part of the pool. Kept before its first attempt, so that a
-- command that was killed goes on with the same samples whatever other models have shown since.

CREATE TABLE choice (
    choice_id    VARCHAR NOT NULL,          -- hash of model, seed, and the condition of every sample of the pool
    place        INTEGER NOT NULL,          -- order in which they were drawn, from 0; a larger budget goes on
    sample_id    VARCHAR NOT NULL,
    PRIMARY KEY (choice_id, place)
);
