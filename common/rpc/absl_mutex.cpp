#include "rpc/absl_mutex.h"

#include <absl/synchronization/mutex.h>

void absl_mutex_set_quick(void)
{
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}
