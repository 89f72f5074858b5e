// Live queries: submitted from any thread, answered by the owner at its next poll.
#pragma once

#include "spillway/plugin/abi.h"

namespace spillway::model {

// Answers all that were submitted until now. Owner thread.
void AnswerQueries(spw_backend* backend);

}  // namespace spillway::model
