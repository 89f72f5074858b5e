#include "tests/support/io_engines.h"

#include <utility>

namespace spillway::spill {
namespace {

std::unique_ptr<IoEngine> Open(IoEngineOptions options, IoEngineKind kind) {
  options.kind = kind;
  Result<std::unique_ptr<IoEngine>> engine = OpenIoEngine(options);
  if (!engine.ok()) return nullptr;
  return std::move(engine).value();
}

}  // namespace

std::string TestEngineName(TestEngine engine) {
  switch (engine) {
    case TestEngine::kUring:
      return "Uring";
    case TestEngine::kPread:
      return "Pread";
    case TestEngine::kFaulty:
      return "Faulty";
  }
  return "Unknown";
}

void PrintTo(TestEngine engine, std::ostream* out) {
  *out << TestEngineName(engine);
}

std::unique_ptr<IoEngine> MakeTestEngine(TestEngine engine, IoEngineOptions options) {
  std::unique_ptr<IoEngine> made;
  if (engine == TestEngine::kFaulty) {
    IoFaults faults;
    faults.short_percent = 30;
    faults.again_percent = 10;
    faults.delay_rounds_max = 3;
    made = std::make_unique<FaultEngine>(Open(options, IoEngineKind::kAuto), faults);
  } else {
    made = Open(options, engine == TestEngine::kUring ? IoEngineKind::kUring : IoEngineKind::kPread);
  }
  if (made == nullptr || !made->Bind().ok()) return nullptr;
  return made;
}

std::unique_ptr<FaultEngine> MakeFaultEngine(const IoFaults& faults) {
  auto engine = std::make_unique<FaultEngine>(Open({}, IoEngineKind::kPread), faults);
  if (!engine->Bind().ok()) return nullptr;
  return engine;
}

}  // namespace spillway::spill
