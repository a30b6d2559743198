/* Products. */
#include "resources/product.h"

#include "base/request.h"
#include "resources/price.h"
#include "resources/registry.h"
#include "resources/search.h"
#include "schema/json.h"

#define V_2023_10_16 20231016
#define DIMENSION_MAX 10000000
#define DESCRIPTOR_CHARACTERS_MAX 22
#define UNIT_LABEL_CHARACTERS_MAX 12
#define IMAGES_MAX 8
#define FEATURES_MAX 15

static const char *const types[] = {"good", "service", NULL};

enum {
    TYPE_GOOD = 1,
    TYPE_SERVICE
};

#define THIS struct marketing_feature
static const struct field marketing_feature_fields[] = {
    FIELD(name, "What the product offers.", .in = CREATE | UPDATE, .is = REQUIRED | NOT_NULL,
          .max = 80),
};
#undef THIS
static const struct schema marketing_feature_schema =
    SCHEMA(struct marketing_feature, marketing_feature_fields, "marketing_feature");

#define THIS struct package_dimensions
static const struct field package_dimensions_fields[] = {
    FIELD(height, "Inches.", .in = CREATE | UPDATE, .is = REQUIRED, .max = DIMENSION_MAX),
    FIELD(length, "Inches.", .in = CREATE | UPDATE, .is = REQUIRED, .max = DIMENSION_MAX),
    FIELD(weight, "Ounces.", .in = CREATE | UPDATE, .is = REQUIRED, .max = DIMENSION_MAX),
    FIELD(width, "Inches.", .in = CREATE | UPDATE, .is = REQUIRED, .max = DIMENSION_MAX),
};
#undef THIS
static const struct schema package_dimensions_schema =
    SCHEMA(struct package_dimensions, package_dimensions_fields, "package_dimensions");

#define THIS struct tax_details
static const struct field tax_details_fields[] = {
    FIELD(performance_location, "Where the product is performed.", .in = CREATE | UPDATE),
    FIELD(tax_code, "The tax code.", .in = CREATE | UPDATE),
};
#undef THIS
const struct schema tax_details_schema =
    SCHEMA(struct tax_details, tax_details_fields, "tax_details");

#define THIS struct product
static const struct field product_fields[] = {
    FIELD(object.id, "Your own identifier, or a generated one.", .as = "id", .in = CREATE,
          .is = NOT_NULL | DERIVED | BLANK_IS_ABSENT),
    FIELD(active, "Whether it can be bought.", .in = CREATE | UPDATE | FILTER),
    CONSTANT("attributes", "[]", "Not supported.", .until = V_2023_08_16),
    CONSTANT("caption", "null", "Not supported.", .until = V_2023_08_16),
    FIELD_CREATED,
    CONSTANT("deactivate_on", "null", "Not supported.", .until = V_2023_08_16),
    FIELD(default_price, "The price that it usually has.", .in = UPDATE,
          .of = &price_resource.schema),
    OPT_HASH(default_price_data, default_price_data_schema, "A price to make with it.",
             .in = CREATE, .is = INPUT),
    FIELD(description, "What customers read about it.", .in = CREATE | UPDATE,
          .is = CLEARS_ON_UPDATE),
    FIELD(marketing_features, "What it offers.", .as = "features", .in = CREATE | UPDATE,
          .is = CLEARS_ON_UPDATE, .of = &marketing_feature_schema, .max = FEATURES_MAX,
          .since = V_2023_10_16, .until = V_2024_04_10),
    FIELD(ids, "Only these products.", .in = FILTER, .is = INPUT, .where = "o.id = ?"),
    FIELD(images, "Addresses of pictures.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE),
    FIELD_LIVEMODE,
    FIELD(marketing_features, "What it offers.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE,
          .of = &marketing_feature_schema, .max = FEATURES_MAX, .since = V_2024_04_10),
    FIELD_METADATA(.in = CREATE | UPDATE, .is = CLEARS_ON_CREATE | CLEARS_ON_UPDATE),
    FIELD(name, "What customers see.", .in = CREATE | UPDATE, .is = REQUIRED | NOT_NULL),
    OPT_HASH(package_dimensions, package_dimensions_schema, "Size for shipping.",
             .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE),
    FIELD(shippable, "Whether it is shipped.", .in = CREATE | UPDATE | FILTER),
    FIELD(statement_descriptor, "What appears on a card statement.", .in = CREATE | UPDATE,
          .max = DESCRIPTOR_CHARACTERS_MAX),
    FIELD(tax_code, "The tax code.", .in = CREATE | UPDATE, .is = EXPANDABLE | CLEARS_ON_UPDATE),
    OPT_HASH(tax_details, tax_details_schema, "How it is taxed.", .in = CREATE | UPDATE,
             .is = CLEARS_ON_UPDATE, .since = V_ENDIVE),
    FIELD(type, "What kind of product it is.", .in = CREATE | FILTER, .values = types),
    FIELD(unit_label, "What one of it is called.", .in = CREATE | UPDATE, .is = CLEARS_ON_UPDATE,
          .max = UNIT_LABEL_CHARACTERS_MAX),
    FIELD(updated, "When the product was last changed."),
    FIELD(url, "Address of a page about it.", .in = CREATE | UPDATE | FILTER,
          .is = CLEARS_ON_UPDATE, .format = FORMAT_URL),
};
#undef THIS

static void prepare(struct request *request, void *object)
{
    struct product *product = object;
    product->active = true;
    product->type.value = TYPE_SERVICE;
    product->updated.seconds = request->now;
}

static bool check(struct request *request, void *object, const void *before, unsigned operation)
{
    struct product *product = object;
    if (operation == FILTER)
        return true;
    const struct price *price = product->default_price.object;
    if (price && price->product.row != product->object.row)
        return fail(request, CODE_NONE, STR("default_price"),
                    "The price specified (%.*s) is not a price of this product.",
                    STR_FMT(price->object.id));
    if (price && !price->active)
        return fail(request, CODE_NONE, STR("default_price"),
                    "The price specified is inactive. This field only accepts active prices.");
    if (product->images.count > IMAGES_MAX)
        return fail(request, CODE_NONE, STR("images"),
                    "Array images exceeded maximum %d allowed elements.", IMAGES_MAX);
    if (before && json_differs(&product_resource.schema, before, product, request->version))
        product->updated.seconds = request->now;
    return true;
}

static bool saved(struct request *request, void *object, const void *before)
{
    struct product *product = object;
    if (before || !product->default_price_data)
        return true;
    if (!price_create_default(request, product->default_price_data, product,
                              &product->default_price))
        return false;
    rows_update(request, catalog_of(request, &product_resource), &product_resource.schema, product);
    return true;
}

STATEMENT(find_price, "SELECT 1 FROM prices WHERE tenant = $1 AND product_seq = $2 LIMIT 1");

static bool deleted(struct request *request, void *object)
{
    struct query query = db_query(request->db, &find_price);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, ((struct product *)object)->object.row);
    if (!db_row(&query))
        return true;
    db_end(&query);
    return fail(request, CODE_NONE, STR("id"),
                "This product cannot be deleted because it has one or more user-created prices.");
}

static const struct route routes[] = {
    {.method = "GET",
     .path = "/v1/products/search",
     .handler = search_objects,
     .resource = &product_resource,
     .form = ANSWER_SEARCH,
     .parameters = &search_schema,
     .in = ACTION,
     .name = "GetProductsSearch",
     .summary = "Search products by some of their fields or metadata"},
};

const struct resource product_resource = {
    .schema = SCHEMA(struct product, product_fields, "product", .is_object = true,
                     .referred_by_seq = true, .help = "Something that is sold."),
    .table = {&product_resource.schema, "products", NULL},
    .number = RESOURCE_product,
    .path = "/v1/products",
    .noun = "product",
    .path_param = "id",
    .events = "product",
    .id_prefix = "prod_",
    .id_form = ID_SHORT,
    .operations = CREATE | RETRIEVE | UPDATE | DELETE | FILTER,
    .ids_return = true,
    .routes = routes,
    .route_count = ARRAY_LENGTH(routes),
    .prepare = prepare,
    .check = check,
    .saved = saved,
    .deleted = deleted,
};
