-- What codes with a check character look like, so that a wrong one is refused without being looked up.

CREATE TABLE code_shapes (
    tenant BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    pattern TEXT NOT NULL, -- in lower case
    alphabet TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) CLUSTERED;
CREATE UNIQUE INDEX code_shapes_pattern ON code_shapes (tenant, pattern, alphabet);

-- Codes that exist although they are wrong for the shape.
CREATE TABLE code_shape_exceptions (
    tenant BIGINT NOT NULL,
    shape BIGINT NOT NULL,
    code_key TEXT NOT NULL, -- the code in lower case
    PRIMARY KEY (tenant, shape, code_key)
) CLUSTERED;
