-- Wins and ties of the measurements of a slice (a source's samples of one month), which add up: a ranking reads
-- rows again only where a slice's fingerprint is another. Nothing here is more than a cache.

CREATE TABLE slice_counts (
    source       VARCHAR NOT NULL,
    month        VARCHAR NOT NULL,          -- e.g. 2026-11: of published_at, else of added_at
    fingerprint  VARCHAR NOT NULL,          -- of the measurements that were counted, and of how
    counts       BLOB    NOT NULL,          -- aggregate.counted.Counted, packed by evalhub.store.counts
    PRIMARY KEY (source, month)
);
