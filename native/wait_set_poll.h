#pragma once
#include <memory>

#include "wait_set.h"

namespace kingbase {
std::unique_ptr<WaitSet> CreatePollWaitSet();
}
