//! temporary
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]
use plugin_host::v1::pricing::*;
use plugin_host::v1::types::{Parameter, ParameterValue, Tier};
use plugin_host::{Host, HostSettings, digest};
fn n(a:&str,b:&str)->Parameter{Parameter{name:a.into(),value:ParameterValue::Number(b.into())}}
fn main(){
 let path=std::env::args().nth(1).unwrap();
 let bytes=std::fs::read(path).unwrap();
 let host=Host::new(HostSettings::default()).unwrap(); let name=digest(&bytes); host.prepare_now(&name,&bytes).unwrap();
 let tier=|u:Option<&str>,a:&str|Tier{up_to:u.map(Into::into),unit_amount:a.into(),flat_amount:"0".into()};
 let tiers=||Parameter{name:"tiers".into(),value:ParameterValue::Tiers(vec![tier(Some("100000"),"0.000015"),tier(Some("500000"),"0.000012"),tier(None,"0.00001")])};
 for (m,q,p) in [("PER_UNIT","1234567.25",vec![n("unit_amount","0.000003")]),("PER_UNIT","1234567",vec![n("unit_amount","0.000003")]),("PER_UNIT","1",vec![n("unit_amount","1")]),("GRADUATED","1234567.25",vec![tiers()]),("GRADUATED","1234567",vec![tiers()]),("VOLUME","1234567.25",vec![tiers()]),("PACKAGE","1234567.25",vec![n("package_size","1000"),n("package_amount","0.25"),n("free_units","1000")]),("PERCENTAGE","1234567.25",vec![n("rate_percent","1.3"),n("fixed_amount","0.02")])]{
  let mk=|c:usize|Input{reference:"b".into(),currency:"USD".into(),period:Period{start:"2026-01-01T00:00:00Z".into(),end:"2026-02-01T00:00:00Z".into()},as_of:"2026-02-01T00:00:00Z".into(),attributes:vec![],charges:(0..c).map(|i|Charge{code:format!("charge-{i}"),metric_code:"m".into(),quantity:q.into(),event_count:4321,model:m.into(),parameters:p.clone(),attributes:vec![]}).collect()};
  let f=|c| host.price_now(&name,&mk(c)).fuel_used;
  println!("{m} {q}: first {} each {}",f(1)-f(0),(f(21)-f(1))/20);
 }
}
