// Live queries: submitted from any thread, answered by the owner at its next poll.
#pragma once

#include "spillway/plugin/abi.h"

namespace spillway::rocks {

// Answers all that were submitted until now. Owner thread; what they pin is the caller's to release.
void AnswerQueries(spw_backend* backend);

}  // namespace spillway::rocks
