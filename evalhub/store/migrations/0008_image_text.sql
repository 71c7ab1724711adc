-- Text that was read in images, once for each image.

CREATE TABLE image_text (
    image        VARCHAR PRIMARY KEY,       -- blob hash
    reader       VARCHAR NOT NULL,          -- what read it, with its version
    text         VARCHAR NOT NULL           -- '' where there is none
);
