#include "runtime/jobs/page_trace.h"

#include <system_error>
#include <utility>

#include "runtime/jobs/number_format.h"
#include "runtime/jobs/page_request.h"
#include "runtime/jobs/page_use.h"

namespace spillway::runtime {
namespace {

struct PageAccess {
  uint64_t page = 0;
  uint64_t request = 0;
};

class ListAccesses final : public ProcessFunction<TextLine, PageAccess> {
 public:
  explicit ListAccesses(std::shared_ptr<BadInput> bad_input) : bad_input_(std::move(bad_input)) {}

  Status ProcessElement(const TextLine& line, ProcessContext&, Collector<PageAccess>& out) override {
    PageRequest request;
    if (const char* wrong = ParsePageRequest(line.text, &request)) {
      return bad_input_->Report(line.file, line.line, wrong);
    }
    for (uint64_t i = 0; i < request.page_count; ++i) out.Collect({request.first_page + i, line.line});
    return {};
  }

 private:
  std::shared_ptr<BadInput> bad_input_;
};

class FollowPages final : public KeyedProcessFunction<uint64_t, PageAccess, std::string> {
 public:
  Status Open(RuntimeContext& context) override {
    SPILLWAY_ASSIGN_OR_RETURN(uses_, context.GetValueState<PageUse>("use"));
    return {};
  }
  Status ProcessElement(const PageAccess& access, KeyedContext<uint64_t>&, Collector<std::string>&) override {
    SPILLWAY_ASSIGN_OR_RETURN(PageUse* const use, uses_->GetOrCreate(PageUse{}));
    use->Add(access.request);
    return {};
  }
  Status OnEndOfInput(KeyedStateIteration<uint64_t>& state, Collector<std::string>& out) override {
    return state.ForEach(*uses_, [&](uint64_t page, const PageUse& use) {
      std::string line = std::to_string(page);
      AppendNumber(use.accesses, &line);
      AppendNumber(use.last_request, &line);
      AppendNumber(use.MeanReuseDistance(), &line);
      out.Collect(std::move(line));
    });
  }

 private:
  std::optional<ValueState<PageUse>> uses_;
};

}  // namespace

Status BuildPageTrace(const JobParameters& parameters, StreamExecutionEnvironment& environment, BuiltJob* job) {
  std::error_code error;  // what is not there is the source's to say
  if (parameters.inputs.size() != 1 || std::filesystem::is_directory(parameters.inputs.front(), error)) {
    return Status::InvalidArgument(
        "the job page-trace reads one trace, as requests of several have no order; name one file with --input");
  }
  environment.FromSource<TextLine>("lines", job->text_source)
      .Process("accesses", ListAccesses(job->bad_input))
      .KeyBy([](const PageAccess& access) { return access.page; })
      .Process("pages", FollowPages())
      .SinkTo("pages-files", AddOutput(parameters, "pages", job));
  return {};
}

}  // namespace spillway::runtime
