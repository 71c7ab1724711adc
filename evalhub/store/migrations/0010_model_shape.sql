-- What a model is made of, beyond its size: for density by active parameters, and for idealized runtimes.

CREATE TABLE model_shape (
    model_id          VARCHAR PRIMARY KEY,
    active_parameters BIGINT,               -- weights that a token passes through; NULL: unknown
    layers            INTEGER,
    query_width       INTEGER,              -- attention heads times their width
    kv_width          INTEGER               -- numbers that a layer keeps of a token: keys and values
);
