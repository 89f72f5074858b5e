// Answers what waits in an instance's query queue. Owner thread, inside poll.
#pragma once

#include "backend/hybrid/instance.h"

namespace spillway::hybrid {

void AnswerQueries(Instance* instance);

}  // namespace spillway::hybrid
