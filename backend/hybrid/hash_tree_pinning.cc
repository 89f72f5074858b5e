#include "backend/hybrid/hash_tree.h"

namespace spillway::hybrid {

void HashTree::KeepInPlace(uint32_t order, const Node* node, View* view) {
  const uint32_t older = view->older == nullptr ? 0 : view->older->epoch;
  const Link live_chain = *HeadFor(&root_->word, order);
  Link found = live_chain;
  while (found != 0 && node != nullptr && NodeOf(found) != node) found = NodeOf(found)->next;
  if (found == 0) return;
  const auto is_private = [&](const Node* any) {
    return StructureVersionOf(any) > older && StructureVersionOf(any) <= view->epoch;
  };
  if (!is_private(NodeOf(live_chain))) return;  // then none behind it is, or it was done already

  // A chain with a private node hangs on private parts only, so this head is reached through the new view alone.
  auto* pinned_head = const_cast<Link*>(HeadFor(&view->root, order));
  Place place;
  if (!WritableHead(order, Charge::kOverdraft, &place)) return;
  Link* to_pinned = pinned_head;
  Link rest = live_chain;
  while (rest != 0 && is_private(NodeOf(rest))) {
    Node* kept = NodeOf(rest);
    Node* copy = CopyOf(kept, Charge::kOverdraft);
    SetStructureVersion(copy, StructureVersionOf(kept));
    *to_pinned = Relinked(rest, copy);
    to_pinned = &copy->next;
    RetireNode(copy);  // never part of the live table: it goes when the view goes
    // What the host writes from now on is no part of the view: the node counts as changed behind it.
    kept->value_version = versions_->Stamp();
    SetStructureVersion(kept, kept->value_version);
    rest = kept->next;
  }
}

}  // namespace spillway::hybrid
