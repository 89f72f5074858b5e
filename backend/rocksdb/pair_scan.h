// The (key, namespace) pairs of a value, list or map state, each once, in the order of their encoded keys.
//
// Of maps, the entries of one pair are stepped over, and from some on skipped by a seek, so that a map of a million
// entries costs little more than one of ten. Pairs of which all has expired are left out. Belongs to one thread; must
// end before the database does.
#pragma once

#include <string>

#include "backend/rocksdb/key_encoding.h"
#include "backend/rocksdb/prefix_scan.h"
#include "backend/rocksdb/state.h"

namespace spillway::rocks {

class PairScan {
 public:
  explicit PairScan(const spw_state& state, const ScanOptions& options = {});

  // To the next pair; false at the end.
  Result<bool> Next();
  // The one that Next went to.
  [[nodiscard]] const DecodedKey& pair() const { return pair_; }

 private:
  // Whether anything where the scan stands is to be seen.
  Result<bool> IsVisible() const;
  void SkipRestOfPair();

  const spw_state& state_;
  Scan scan_;
  std::string prefix_;  // of the pair that Next went to; pair_ borrows from it
  DecodedKey pair_;
  bool begun_ = false;
};

}  // namespace spillway::rocks
