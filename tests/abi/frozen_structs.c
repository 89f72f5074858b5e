#include "tests/abi/frozen_structs.h"

/* What C makes of the header, for the C++ side of the test to compare with its own. */
extern const uint64_t c_sizes[];
const uint64_t c_sizes[] = {sizeof(spw_error),
                            sizeof(spw_host),
                            sizeof(spw_open_options),
                            sizeof(spw_state_options),
                            sizeof(spw_query),
                            sizeof(spw_snapshot_options),
                            sizeof(spw_snapshot_result),
                            sizeof(spw_restore_source),
                            sizeof(spw_memory_usage),
                            sizeof(spw_backend_api),
                            sizeof(spw_plugin_descriptor)};
