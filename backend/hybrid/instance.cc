#include "backend/hybrid/instance.h"

#include <algorithm>
#include <span>

#include "backend/hybrid/hash_tree_cursor.h"
#include "backend/hybrid/iterator.h"
#include "backend/hybrid/snapshot.h"
#include "backend/hybrid/spiller.h"
#include "snapshot/keyed_state_format.h"
#include "spillway/key_groups.h"

namespace spillway::hybrid {
namespace {

Status CheckOptions(const spw_open_options& options) {
  if (options.max_parallelism < 1 || options.max_parallelism > kMaxParallelismLimit) {
    return Status::InvalidArgument("max_parallelism is " + std::to_string(options.max_parallelism) +
                                   "; it must be 1 to " + std::to_string(kMaxParallelismLimit));
  }
  if (options.key_groups.first > options.key_groups.last || options.key_groups.last >= options.max_parallelism) {
    return Status::InvalidArgument("key-groups " + std::to_string(options.key_groups.first) + " to " +
                                   std::to_string(options.key_groups.last) + " are not a range within 0 to " +
                                   std::to_string(options.max_parallelism - 1));
  }
  if (options.key_group_function == nullptr || *options.key_group_function == '\0') {
    return Status::InvalidArgument("key_group_function is missing: name the function that computes key-groups");
  }
  if (std::string_view(options.key_group_function).size() > snapshot::keyed_state_format::kKeyGroupFunctionBytesMax) {
    return Status::InvalidArgument("key_group_function is longer than " +
                                   std::to_string(snapshot::keyed_state_format::kKeyGroupFunctionBytesMax) +
                                   " bytes, which is the most that snapshots can name; it begins with '" +
                                   std::string(options.key_group_function, 64) + "'");
  }
  const std::string_view name = options.instance == nullptr ? "" : options.instance;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (name.empty() || !std::all_of(name.begin(), name.end(), allowed)) {
    return Status::InvalidArgument("the instance name '" + std::string(name) +
                                   "' must be made of one or more of A-Z a-z 0-9 . _ -");
  }
  return {};
}

Status CheckShare(const spw_open_options& options) {
  if (options.local_dir_count == 0 || options.memory_share_bytes == 0 || options.memory_share_bytes >= kMinimumShare) {
    return {};
  }
  return Status::InvalidArgument("the memory share of instance '" + std::string(options.instance) + "' is " +
                                 std::to_string(options.memory_share_bytes) + " bytes; with less than " +
                                 std::to_string(kMinimumShare) + " it cannot spill: raise " + kMemoryBudgetKey);
}

}  // namespace

Result<std::unique_ptr<Instance>> Instance::Open(const spw_open_options& options, const spw_host* host) {
  SPILLWAY_RETURN_IF_ERROR(CheckOptions(options));
  SPILLWAY_ASSIGN_OR_RETURN(const SpillOptions spill_options,
                            ParseSpillOptions(std::span(options.config, options.config_count)));
  SPILLWAY_RETURN_IF_ERROR(CheckShare(options));
  std::unique_ptr<Instance> instance(new Instance(options, host));
  if (options.local_dir_count > 0) {
    const std::vector<std::string> parents(options.local_dirs, options.local_dirs + options.local_dir_count);
    SPILLWAY_ASSIGN_OR_RETURN(instance->spiller_, Spiller::Open(instance.get(), spill_options, parents));
  }
  return instance;
}

Instance::Instance(const spw_open_options& options, const spw_host* host)
    : host_(host),
      name_(options.instance),
      key_group_function_(options.key_group_function),
      max_parallelism_(options.max_parallelism),
      key_groups_(options.key_groups),
      heap_(options.memory_share_bytes) {}

Instance::~Instance() {
  Close();
}

bool Instance::Close() {
  if (closed_.exchange(true, std::memory_order_acq_rel)) return false;
  const std::vector<PendingQuery> unanswered = queries_.Close();
  snapshots_.EndAll([](TableSnapshot* snapshot) { snapshot->EndByOwner(); });
  Safepoint(0);
  for (StateIterator* iterator = iterators_; iterator != nullptr;) {
    StateIterator* next = iterator->next_registered();
    iterator->Detach();
    iterator = next;
  }
  iterators_ = nullptr;
  if (spiller_ != nullptr) spiller_->Close();
  for (const auto& state : states_) state->DropTables();
  heap_.Discard();
  shown_.Clear();
  current_key_ = {};
  has_current_key_ = false;
  entries_.store(0, std::memory_order_relaxed);
  for (const PendingQuery& query : unanswered) query.answer(query.context, SPW_CLOSED, nullptr);
  return true;
}

State* Instance::FindState(std::string_view name) {
  for (const auto& state : states_) {
    if (state->name() == name) return state.get();
  }
  return nullptr;
}

State* Instance::AddState(snapshot::StateDescriptor descriptor) {
  states_.push_back(std::make_unique<State>(this, std::move(descriptor), group_count()));
  return states_.back().get();
}

void Instance::FreeMemory(uint64_t reclaim_steps) {
  if (heap_.HasReclaimable()) heap_.Reclaim(reclaim_steps);
  if (spiller_ != nullptr) spiller_->AtSafepoint();
}

uint32_t Instance::IndexOf(const State& state) const {
  uint32_t index = 0;
  while (states_[index].get() != &state) ++index;
  return index;
}

void Instance::DropStates() {
  if (spiller_ != nullptr) spiller_->Forget();
  states_.clear();
  heap_.Discard();
  entries_.store(0, std::memory_order_relaxed);
}

void Instance::SetCurrentKey(BytesView key, uint32_t key_group) {
  current_key_.assign(key.data(), key.size());
  current_hash_ = HashOfBytes(current_key_);
  current_group_ = key_group - key_groups_.first;
  has_current_key_ = true;
  if (spiller_ != nullptr) spiller_->heat().Note(current_group_);
}

EntryAddress Instance::AddressOf(BytesView key, uint32_t key_group, BytesView state_namespace) const {
  return {{CombinedHash(HashOfBytes(key), state_namespace), key, state_namespace}, key_group - key_groups_.first};
}

void Instance::Safepoint(uint64_t reclaim_steps) {
  shown_.Clear();
  items_outlive_ = false;
  if (kept_items_ != nullptr) ItemBuffer::FreeAll(std::move(kept_items_));
  heap_.Safepoint([](View* view) { PinSet::Ended(view); });
  if (reclaim_steps > 0) FreeMemory(reclaim_steps);
}

void Instance::EndHandedBack() {
  heap_.EndHandedBack([](View* view) { PinSet::Ended(view); });
}

spill::IoEngine* Instance::io() const {
  return spiller_ == nullptr ? io_.get() : spiller_->engine();
}

const spill::IoEngineOptions& Instance::engine_options() const {
  static const spill::IoEngineOptions kUsual;
  return spiller_ == nullptr ? kUsual : spiller_->options().engine;
}

bool Instance::BeginOwnerView(State* state, uint32_t group, View* view) {
  KeyGroupTable& table = state->table(group);
  if (!heap_.BeginView(&table.versions, view, table.root.word)) return false;
  if (shown_.empty() || state->kind() != SPW_STATE_VALUE) return true;
  try {
    KeepShownInPlace(state, group, view);
  } catch (...) {
    heap_.EndView(view);  // the caller does not have it
    throw;
  }
  return true;
}

void Instance::KeepShownInPlace(State* state, uint32_t group, View* view) {
  HashTree tree = state->TreeOf(group);
  if (shown_.overflown()) {
    // Which of the nodes is not known any more, so all of them.
    std::vector<uint32_t> orders;
    HashTreeCursor cursor(state->table(group).root.word);
    while (const Node* node = cursor.Next()) orders.push_back(node->hash);
    for (uint32_t order : orders) tree.KeepInPlace(order, nullptr, view);
    return;
  }
  // Some may be of other tables, or gone meanwhile, though not freed before the next safepoint.
  for (const Node* node : shown_.nodes()) tree.KeepInPlace(node->hash, node, view);
}

void Instance::Register(StateIterator* iterator) {
  iterator->LinkBefore(iterators_);
  iterators_ = iterator;
}

void Instance::Unregister(StateIterator* iterator) {
  if (iterators_ == iterator) iterators_ = iterator->next_registered();
  iterator->Unlink();
}

void Instance::KeepUntilSafepoint(std::unique_ptr<ItemBuffer> items) {
  ItemBuffer::Push(std::move(items), &kept_items_);
}

}  // namespace spillway::hybrid
