#pragma once
/* serve --seed FILE. */

struct executor;
struct service;

/* Imports the file's lines into the account of the seed key. Returns the exit status. */
int seed_file(const struct service *service, struct executor *executor, const char *path);
