-- Ranks count the models of a group alone: those that samples or votes connect. Rankings of before counted all
-- models; they are made again from the results.

DELETE FROM ranking;
DELETE FROM ranking_row;

ALTER TABLE ranking_row ADD COLUMN model_group INTEGER DEFAULT 1;   -- of the ranking, from 1

CREATE TABLE ranking_group (
    ranking_id   VARCHAR NOT NULL,
    model_group  INTEGER NOT NULL,          -- from 1, the largest first
    models       INTEGER NOT NULL,
    unit         VARCHAR NOT NULL,          -- what a score is there
    sources      VARCHAR[] NOT NULL,        -- on whose samples its models were measured
    PRIMARY KEY (ranking_id, model_group)
);
