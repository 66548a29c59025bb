#pragma once
#include <memory>
#include <string>

#include "wait_set.h"

namespace kingbase {
std::unique_ptr<WaitSet> CreatePollWaitSet(std::string* error);
}
