#pragma once
/* Products: what a coupon can be limited to. */
#include "resources/resource.h"

struct marketing_feature {
    struct str name;
};

struct package_dimensions {
    struct opt_percent height, length, weight, width; /* inches and ounces, two decimals */
};

struct tax_details {
    struct str performance_location;
    struct str tax_code;
};

struct default_price_data;

struct product {
    struct object object;
    bool active;
    struct ref default_price;
    struct default_price_data *default_price_data;
    struct str description;
    struct strings images;
    struct list marketing_features; /* of struct marketing_feature */
    struct str name;
    struct package_dimensions *package_dimensions;
    struct opt_bool shippable;
    struct strings ids;
    struct str statement_descriptor;
    struct str tax_code;
    struct tax_details *tax_details;
    struct choice type;
    struct str unit_label;
    struct timestamp updated;
    struct str url;
};

extern const struct schema tax_details_schema;
extern const struct resource product_resource;
