-- Laws of families that the board shows: the latest one laid under each name.

CREATE TABLE law (
    name         VARCHAR PRIMARY KEY,
    law          JSON    NOT NULL,          -- aggregate.laws.law.Law
    command      VARCHAR NOT NULL,          -- what lays it anew
    fitted_at    TIMESTAMPTZ NOT NULL
);
