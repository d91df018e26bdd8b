use crate::lean::memo::Memo;
use crate::lean::order;
use crate::model::EntityName;
use crate::route::{FloorAddress, Selection, go_to};
use crate::words::floor as words;
use dioxus::prelude::*;
use domain::id_order;

/// Which area is looked at; not there as long as nobody was given one.
#[component]
pub(super) fn AreaPicker(
    address: ReadSignal<FloorAddress>,
    areas: Memo<Vec<String>>,
    onopen: EventHandler<()>,
) -> Element {
    let chosen = address.read().selection.area.clone();
    let areas = areas();
    if areas.is_empty() && chosen.is_empty() {
        return rsx! {};
    }
    let is_unlisted = !chosen.is_empty() && !areas.contains(&chosen);
    rsx! {
        label { class: "picker",
            span { class: "visually-hidden", {words::AREA} }
            select {
                class: "field",
                "data-testid": "area-picker",
                value: "{chosen}",
                onfocus: move |_| onopen.call(()),
                onchange: move |event| {
                    let address = address.peek().clone();
                    let selection = Selection { area: event.value(), ..address.selection };
                    go_to(FloorAddress { selection, ..address }.into());
                },
                option { value: "", selected: chosen.is_empty(), {words::ALL_AREAS} }
                if is_unlisted {
                    option { key: "{chosen}", value: "{chosen}", selected: true, "{chosen}" }
                }
                for area in areas.iter() {
                    option { key: "{area}", value: "{area}", selected: *area == chosen, "{area}" }
                }
            }
        }
    }
}

/// The areas that anybody was given, each once, in their order.
pub(super) fn areas(names: &[EntityName]) -> Vec<String> {
    let mut areas: Vec<String> = names.iter().filter_map(|known| known.area.clone()).collect();
    order::sort(&mut areas, |one, other| id_order::compare(one, other));
    areas.dedup();
    areas
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::event::EntityType;

    #[test]
    fn each_area_is_listed_once_and_lines_in_the_order_of_their_numbers() {
        let known = |id: &str, area: Option<&str>| EntityName {
            kind: EntityType::Worker,
            id: id.to_owned(),
            name: None,
            area: area.map(str::to_owned),
        };
        let names = [
            known("W1", Some("Line 10")),
            known("W2", Some("Line 2")),
            known("W3", None),
            known("W4", Some("Line 10")),
        ];
        assert_eq!(areas(&names), ["Line 2", "Line 10"]);
    }
}
