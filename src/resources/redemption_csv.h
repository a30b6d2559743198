#pragma once
/* GET /v1/redemptions.csv. */
#include "resources/resource.h"

handler_fn redemptions_csv;
