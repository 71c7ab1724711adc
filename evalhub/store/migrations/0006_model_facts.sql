-- Whether anyone can have a model's weights, so that rankings of open models can be asked for.

ALTER TABLE model ADD COLUMN open_weights BOOLEAN;                  -- NULL: unknown
